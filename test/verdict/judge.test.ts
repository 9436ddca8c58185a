import { describe, expect, test } from "bun:test";
import type { TrustStatus } from "../../src/trust/index.ts";
import { judgeTrust } from "../../src/verdict/verdict.ts";

const key = "a".repeat(64);
const signer = (role: string, ...keys: string[]) => ({ role, keys, publishedAt: 0 });
const signed = {
  gun: "registry.example/library/app",
  digest: `sha256:${"1".repeat(64)}`,
  signers: [signer("targets", key), signer("targets/alice", "b".repeat(64))],
  until: Date.parse("2030-01-02T03:04:05Z"),
};
const statuses: Readonly<Record<string, TrustStatus>> = {
  unsigned: { state: "unsigned" },
  signed: { state: "signed", ...signed },
  expired: { state: "expired", ...signed },
  tampered: { state: "tampered", ...signed },
  broken: { state: "tampered", gun: signed.gun, reason: "it is not what it was" },
};

/** What is said of `library/app:1.0`. */
function messages(status: keyof typeof statuses, signers: readonly string[] = [], contentTrust = true) {
  const found = statuses[status];
  if (found === undefined) throw new Error(`no status ${status}`);
  const { allowed, obstacles } = judgeTrust("library/app:1.0", found, { contentTrust, signers });
  expect(allowed).toBe(obstacles.length === 0);
  return obstacles.map(({ kind, message }) => `${kind}: ${message}`);
}

describe("what a project's policy makes of a status", () => {
  test("everything goes where none demands content trust, whoever should have signed", () => {
    for (const status of Object.keys(statuses)) expect(messages(status, ["targets/bob"], false)).toEqual([]);
  });

  test("what is signed goes; each other status is a sentence with what would lift it", () => {
    expect(messages("signed")).toEqual([]);
    expect(messages("unsigned")).toEqual([
      'unsigned: Nobody has signed library/app:1.0. Sign it, for example by "docker trust sign", or pull what is signed.',
    ]);
    expect(messages("expired")).toEqual([
      "expired: The signatures of library/app:1.0 ended at 2030-01-02T03:04:05.000Z. Ask targets, targets/alice to sign it anew.",
    ]);
    expect(messages("tampered")).toEqual([
      `tampered: library/app:1.0 is not what was signed: targets, targets/alice signed ${signed.digest}. Find out who pushed over it; the signed image can be pulled by that digest.`,
    ]);
    expect(messages("broken")).toEqual([
      "tampered: The trust data of library/app:1.0 is not what anybody signed (it is not what it was). Ask whoever holds the keys to publish it anew.",
    ]);
  });

  test("all signers that it names must have signed, by role or by key", () => {
    expect(messages("signed", ["targets/alice", key])).toEqual([]);
    expect(messages("signed", ["targets/alice", "targets/bob", "c".repeat(64)])).toEqual([
      "signer-missing: The project demands the signature of targets/bob; library/app:1.0 is signed by targets, targets/alice only. Ask for that signature, or pull what has it.",
      `signer-missing: The project demands the signature of ${"c".repeat(64)}; library/app:1.0 is signed by targets, targets/alice only. Ask for that signature, or pull what has it.`,
    ]);
  });

  test("no signer makes good what is not signed as it is", () => {
    for (const status of ["unsigned", "expired", "tampered", "broken"]) {
      expect(messages(status, ["targets"])).toEqual(messages(status));
    }
  });
});
