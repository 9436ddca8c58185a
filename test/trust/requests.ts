import { day } from "../../src/kernel/index.ts";
import { publicKey } from "../../src/trust/tuf/keys.ts";
import {
  type Author,
  certifiedKey,
  delegation,
  ecdsaKey,
  inAYear,
  keysOf,
  roleOf,
  signed,
  soon,
  target,
  yesterday,
} from "./author.ts";
import type { Side, Step } from "./comparison.ts";
import { multipart } from "./upload.ts";

const hex = (length: number, digit = "a") => digit.repeat(length);

function get(path: string, method = "GET"): Step {
  return { name: `${method} ${path}`, send: (side) => side.fetch(path, { method }) };
}

function tuf(rest: string, method = "GET"): Step {
  return { name: `${method} …/tuf/${rest}`, send: (side, { gun }) => side.tuf(gun, rest, { method }) };
}

/** Everything that is asked for, whether it is there or not (the contract, section 1). */
export const reads: readonly Step[] = [
  get("/v2/"),
  get("/v2/", "HEAD"),
  get("/v2/", "POST"),
  get("/v2/", "PATCH"),
  get("/v2"),
  get("/nothing"),
  get("/_notary_server/health"),
  get("/v2//double/_trust/tuf/root.json"),
  get("/v2/_trust/tuf/root.json"),
  tuf("root.key"),
  tuf("targets.key", "POST"),
  tuf("timestamp.key", "PUT"),
  tuf("other.json"),
  tuf("targets/UPPER.json"),
  tuf("targets/a/b.json"),
  tuf(""),
  tuf("", "PUT"),
  ...["root", "targets", "snapshot", "timestamp"].map((role) => tuf(`${role}.json`)),
  tuf("root.json", "HEAD"),
  tuf("root.json", "POST"),
  tuf("1.root.json"),
  tuf("001.root.json"),
  tuf("2.root.json"),
  tuf("1.targets.json"),
  tuf("1.timestamp.json"),
  tuf("-1.root.json"),
  tuf(`${hex(30, "9")}.root.json`),
  tuf(`root.${hex(64)}.json`),
  tuf(`root.${hex(64, "A")}.json`),
  tuf(`root.${hex(96)}.json`),
  tuf(`root.${hex(128)}.json`),
  tuf(`root.${hex(65)}.json`),
];

export const keys: readonly Step[] = [
  tuf("timestamp.key"),
  tuf("snapshot.key"),
  tuf("timestamp.key", "POST"),
  tuf("snapshot.key", "POST"),
];

function feed(query: string): Step {
  return {
    name: `changefeed?${query}`,
    send: (side, { gun }) => side.fetch(`/v2/${gun}/_trust/changefeed?${query}`),
  };
}

export const feeds: readonly Step[] = [
  "",
  "records=",
  "records=x",
  "records=99999999999",
  "records=1.5",
  "records=10",
  "records=0",
  "records=10&change_id=0",
  "records=10&change_id=1",
  "records=1&change_id=1",
  "records=10&change_id=-1",
  "records=-1&change_id=-1",
  "records=-1&change_id=3",
  "records=10&change_id=x",
  "records=10&change_id=2000",
].map(feed);

/** What is asked for while metadata expires (the contract, section 4): the owner keeps the snapshot's key. */
export const expiry: readonly Step[] = [
  {
    name: "upload: a snapshot for two seconds",
    async send(side, author) {
      const expires = soon(2);
      const documents = await first(author, side);
      const snapshot = signed(author.snapshot(documents, { expires }), author.snapshotKey);
      return side.upload(author.gun, { ...documents, snapshot });
    },
  },
  tuf("timestamp.json"),
  {
    name: "three seconds later",
    async send(side, author) {
      await Bun.sleep(3_100);
      return side.tuf(author.gun, "timestamp.json");
    },
  },
  ...["root", "targets", "snapshot", "timestamp"].map((role) => tuf(`${role}.json`)),
  tuf("1.snapshot.json"),
  {
    name: "upload: targets, without the snapshot's key",
    send: (side, author) =>
      side.upload(author.gun, { targets: signed(author.targets({ version: 2 }), author.targetsKey) }),
  },
  {
    name: "upload: a root for two seconds, which gives the snapshot's key to the server",
    async send(side, author) {
      const [timestamp, snapshot] = [
        await side.key(author.gun, "timestamp"),
        await side.key(author.gun, "snapshot"),
      ];
      const root = author.root(timestamp, { version: 2, expires: soon(2) });
      const given = {
        ...root,
        keys: { ...(root.keys as object), ...keysOf(snapshot) },
        roles: { ...(root.roles as object), snapshot: roleOf(snapshot) },
      };
      return side.upload(author.gun, { root: signed(given, author.rootKey) });
    },
  },
  ...["root", "targets", "snapshot", "timestamp"].map((role) => tuf(`${role}.json`)),
  {
    name: "upload: targets, once the root has expired",
    async send(side, author) {
      await Bun.sleep(3_100);
      return side.upload(author.gun, {
        targets: signed(author.targets({ version: 2 }), author.targetsKey),
      });
    },
  },
  ...["root", "targets", "snapshot", "timestamp"].map((role) => tuf(`${role}.json`)),
];

type Documents = Readonly<Record<string, Uint8Array | string>>;

function upload(name: string, make: (author: Author, side: Side) => Documents | Promise<Documents>): Step {
  return {
    name: `upload: ${name}`,
    send: async (side, author) => side.upload(author.gun, await make(author, side)),
  };
}

function raw(name: string, init: BunFetchRequestInit): Step {
  return { name: `upload: ${name}`, send: (side, { gun }) => side.tuf(gun, "", { method: "POST", ...init }) };
}

/** The contract, section 2 and section 3, the bullets before the validation. */
export const malformed: readonly Step[] = [
  raw("no body", {}),
  raw("no multipart", { headers: { "content-type": "application/json" }, body: "{}" }),
  raw("no boundary", { headers: { "content-type": "multipart/form-data" }, body: "x" }),
  raw("no part", multipart([])),
  raw("no file name", multipart([["", "{}"]])),
  raw("only the suffix", multipart([[".json", "{}"]])),
  ...["foo", "Root", "targets/UPPER", "targets/", "targets//a", "targets/../a", `targets/${hex(250)}`].map(
    (role) => raw(`role ${role.slice(0, 20)}`, multipart([[role, "{}"]])),
  ),
  ...["", "{", "[]", '"x"', '{"signed":[]}', '{"signatures":{}}'].map((content) =>
    raw(`content ${content}`, multipart([["targets", content]])),
  ),
  ...[
    { version: "1" },
    { version: 1.5 },
    { expires: "tomorrow" },
    { expires: "2026-02-30T00:00:00Z" },
    { expires: 5 },
    { _type: 5 },
  ].map((common) =>
    raw(`signed ${JSON.stringify(common)}`, multipart([["root", JSON.stringify({ signed: common })]])),
  ),
  ...[{ keyid: 5 }, { sig: "?" }, { sig: 5 }, { method: {} }].map((signature) =>
    raw(
      `signature ${JSON.stringify(signature)}`,
      multipart([["root", JSON.stringify({ signatures: [signature] })]]),
    ),
  ),
  raw("an empty object", multipart([["root", "{}"]])),
  raw("an empty object for targets", multipart([["targets", "{}"]])),
  raw("nulls", multipart([["root", '{"signed":null,"signatures":null}']])),
  raw("with the suffix", multipart([["root.json", '{"signed":{"version":7}}']])),
  raw(
    "the last of two roots",
    multipart([
      ["root", '{"signed":{"version":7}}'],
      ["root", "{}"],
    ]),
  ),
];

const wrongRoots: Readonly<Record<string, (author: Author, side: Side) => Promise<object>>> = {
  "version 3": async () => ({ version: 3 }),
  "version 0": async () => ({ version: 0 }),
  "another type": async () => ({ _type: "Targets" }),
  expired: async () => ({ expires: yesterday() }),
  "expired, with an offset": async () => ({ expires: "2020-01-02T03:04:05+05:30" }),
  "no roles": async () => ({ roles: {} }),
  "no keys": async () => ({ keys: {} }),
  "keys of a wrong type": async () => ({ keys: [] }),
};

const withRootKey =
  (options: (author: Author) => Partial<Parameters<typeof certifiedKey>[0]>) =>
  async (author: Author, side: Side): Promise<Documents> => {
    const key = await certifiedKey({ commonName: author.gun, ...options(author) });
    const timestamp = await side.key(author.gun, "timestamp");
    const root = author.root(timestamp, {
      keys: keysOf(key.public, author.targetsKey.public, author.snapshotKey.public, timestamp),
      roles: {
        root: roleOf(key.public),
        targets: roleOf(author.targetsKey.public),
        snapshot: roleOf(author.snapshotKey.public),
        timestamp: roleOf(timestamp),
      },
    });
    return { root: signed(root, key) };
  };

/** The first root (the contract, section 3, step 2), each wrong in one way. */
export const firstRoots: readonly Step[] = [
  ...Object.entries(wrongRoots).map(([name, changes]) =>
    upload(`root, ${name}`, async (author, side) => {
      const timestamp = await side.key(author.gun, "timestamp");
      return { root: signed(author.root(timestamp, await changes(author, side)), author.rootKey) };
    }),
  ),
  upload("root, threshold 0", async (author, side) => {
    const root = author.root(await side.key(author.gun, "timestamp"));
    const roles = {
      ...(root.roles as object),
      snapshot: { ...roleOf(author.snapshotKey.public), threshold: 0 },
    };
    return { root: signed({ ...root, roles }, author.rootKey) };
  }),
  upload("root, threshold 2 of 1 key", async (author, side) => {
    const root = author.root(await side.key(author.gun, "timestamp"));
    const roles = { ...(root.roles as object), root: { ...roleOf(author.rootKey.public), threshold: 2 } };
    return { root: signed({ ...root, roles }, author.rootKey, author.rootKey) };
  }),
  upload("root, unsigned", async (author, side) => ({
    root: signed(author.root(await side.key(author.gun, "timestamp"))),
  })),
  upload("root, signed by another", async (author, side) => ({
    root: signed(author.root(await side.key(author.gun, "timestamp")), author.targetsKey),
  })),
  upload("root, changed after signing", async (author, side) => {
    const root = author.root(await side.key(author.gun, "timestamp"));
    const content = Buffer.from(signed(root, author.rootKey)).toString();
    return { root: content.replace('"consistent_snapshot":false', '"consistent_snapshot":true') };
  }),
  upload("root, its key without a certificate", async (author, side) => {
    const timestamp = await side.key(author.gun, "timestamp");
    const key = ecdsaKey();
    const root = author.root(timestamp, {
      keys: keysOf(key.public, author.targetsKey.public, author.snapshotKey.public, timestamp),
    });
    return { root: signed({ ...root, roles: { ...(root.roles as object), root: roleOf(key.public) } }, key) };
  }),
  upload(
    "root, another's certificate",
    withRootKey(() => ({ commonName: "localhost:8443/other" })),
  ),
  upload(
    "root, a certificate that ended",
    withRootKey(() => ({ notAfter: new Date(Date.now() - 1000) })),
  ),
  upload(
    "root, a certificate for later",
    withRootKey(() => ({ notBefore: new Date(Date.now() + 2 * day) })),
  ),
  upload(
    "root, an authority's certificate",
    withRootKey(() => ({ authority: true })),
  ),
  upload(
    "root, a certificate with SHA-1",
    withRootKey(() => ({ hash: "SHA-1" })),
  ),
  upload(
    "root, a short RSA key",
    withRootKey(() => ({ rsa: 1024 })),
  ),
  upload("root alone", async (author, side) => ({
    root: signed(author.root(await side.key(author.gun, "timestamp")), author.rootKey),
  })),
  upload("root and targets, no snapshot, its key at the client", async (author, side) => ({
    root: signed(author.root(await side.key(author.gun, "timestamp")), author.rootKey),
    targets: signed(author.targets(), author.targetsKey),
  })),
  upload("root and all, the timestamp's key unknown to the server", async (author) => {
    const root = signed(author.root(ecdsaKey().public), author.rootKey);
    const targets = signed(author.targets(), author.targetsKey);
    const snapshot = signed(author.snapshot({ root, targets }), author.snapshotKey);
    return { root, targets, snapshot };
  }),
];

const first = async (author: Author, side: Side, changes: object = {}) => ({
  root: signed(author.root(await side.key(author.gun, "timestamp")), author.rootKey),
  targets: signed(author.targets(changes), author.targetsKey),
});

/** Snapshots (the contract, section 3, step 4), each wrong in one way. */
export const snapshots: readonly Step[] = [
  upload("snapshot, unsigned", async (author, side) => {
    const documents = await first(author, side);
    return { ...documents, snapshot: signed(author.snapshot(documents)) };
  }),
  upload("snapshot, signed by another", async (author, side) => {
    const documents = await first(author, side);
    return { ...documents, snapshot: signed(author.snapshot(documents), author.targetsKey) };
  }),
  upload("snapshot, expired", async (author, side) => {
    const documents = await first(author, side);
    const expired = author.snapshot(documents, { expires: yesterday() });
    return { ...documents, snapshot: signed(expired, author.snapshotKey) };
  }),
  upload("snapshot, version 0", async (author, side) => {
    const documents = await first(author, side);
    return { ...documents, snapshot: signed(author.snapshot(documents, { version: 0 }), author.snapshotKey) };
  }),
  upload("snapshot, another type", async (author, side) => {
    const documents = await first(author, side);
    return {
      ...documents,
      snapshot: signed(author.snapshot(documents, { _type: "Root" }), author.snapshotKey),
    };
  }),
  upload("snapshot without root", async (author, side) => {
    const { root, targets } = await first(author, side);
    return { root, targets, snapshot: signed(author.snapshot({ targets }), author.snapshotKey) };
  }),
  upload("snapshot of other targets", async (author, side) => {
    const { root, targets } = await first(author, side);
    const other = signed(author.targets({ targets: { x: target("x") } }), author.targetsKey);
    return { root, targets, snapshot: signed(author.snapshot({ root, targets: other }), author.snapshotKey) };
  }),
  upload("snapshot with a short hash", async (author, side) => {
    const documents = await first(author, side);
    const { meta } = author.snapshot(documents) as { meta: Record<string, object> };
    const short = { ...meta, root: { hashes: { sha256: "AAAA" }, length: 1 } };
    return { ...documents, snapshot: signed(author.snapshot({}, { meta: short }), author.snapshotKey) };
  }),
];

const alice = ecdsaKey();
const unknown = publicKey("unheard-of", new Uint8Array([1, 2, 3]));
const wrongTargets: Readonly<Record<string, object>> = {
  "version 0": { version: 0 },
  "another type": { _type: "Root" },
  expired: { expires: yesterday() },
  "a delegation that is no child": {
    delegations: { keys: {}, roles: [delegation("targets/a/b", alice.public)] },
  },
  "a delegation with a bad name": {
    delegations: { keys: {}, roles: [delegation("targets/A", alice.public)] },
  },
  "a delegation whose key is missing": {
    delegations: { keys: {}, roles: [delegation("targets/a", alice.public)] },
  },
  "a delegation with threshold 0": {
    delegations: {
      keys: keysOf(alice.public),
      roles: [delegation("targets/a", alice.public, { threshold: 0 })],
    },
  },
};

/** Targets (the contract, section 3, step 3), each wrong in one way; none of them is published. */
export const targets: readonly Step[] = [
  ...Object.entries(wrongTargets).map(([name, changes]) =>
    upload(`targets, ${name}`, (author, side) => first(author, side, changes)),
  ),
  upload("targets, unsigned", async (author, side) => ({
    ...(await first(author, side)),
    targets: signed(author.targets()),
  })),
  upload("targets, signed by another", async (author, side) => ({
    ...(await first(author, side)),
    targets: signed(author.targets(), author.rootKey),
  })),
  upload("targets, a fraction in custom data", async (author, side) => {
    const custom = { ...target("x"), custom: { size: 2 } };
    const content = Buffer.from(signed(author.targets({ targets: { x: custom } }), author.targetsKey));
    return { ...(await first(author, side)), targets: content.toString().replace('"size":2', '"size":2.5') };
  }),
  upload("a delegation without targets", async (author, side) => {
    const { root } = await first(author, side);
    return { root, "targets/a": signed(author.targets(), alice) };
  }),
  upload("a delegation that targets do not declare", async (author, side) => ({
    ...(await first(author, side)),
    "targets/a": signed(author.targets(), alice),
  })),
];

const delegations = (...names: string[]) => ({
  delegations: {
    keys: keysOf(alice.public, unknown),
    roles: names.map((name) => delegation(name, alice.public)),
  },
});

/** A repository's life, once the first upload was good. */
export const life: readonly Step[] = [
  upload("the first", async (author, side) => {
    const documents = await first(author, side, {
      targets: { "1.0": target("one") },
      ...delegations("targets/a"),
    });
    return { ...documents, snapshot: signed(author.snapshot(documents), author.snapshotKey) };
  }),
  ...reads,
  ...keys,
  ...feeds,
  upload("the same root again", async (author, side) => ({
    root: signed(author.root(await side.key(author.gun, "timestamp")), author.rootKey),
  })),
  raw("no part, the snapshot's key at the client", multipart([])),
  upload("root, two versions on", async (author, side) => {
    const timestamp = await side.key(author.gun, "timestamp");
    return { root: signed(author.root(timestamp, { version: 3 }), author.rootKey) };
  }),
  upload("root, of somebody else", async (author, side) => {
    const timestamp = await side.key(author.gun, "timestamp");
    const key = await certifiedKey({ commonName: author.gun });
    const root = author.root(timestamp, { version: 2 });
    const other = {
      ...root,
      keys: { ...(root.keys as object), ...keysOf(key.public) },
      roles: { ...(root.roles as object), root: roleOf(key.public) },
    };
    return { root: signed(other, key) };
  }),
  upload("root, which gives the snapshot's key to the server", async (author, side) => {
    const timestamp = await side.key(author.gun, "timestamp");
    const snapshot = await side.key(author.gun, "snapshot");
    const root = author.root(timestamp, { version: 2 });
    const other = {
      ...root,
      keys: { ...(root.keys as object), ...keysOf(snapshot) },
      roles: { ...(root.roles as object), snapshot: roleOf(snapshot) },
    };
    return { root: signed(other, author.rootKey) };
  }),
  raw("no part", multipart([])),
  tuf("timestamp.json"),
  tuf("snapshot.json"),
  upload("a delegation", (author) => ({
    "targets/a": signed(author.targets({ targets: { "2.0": target("two") } }), alice),
  })),
  tuf("targets/a.json"),
  tuf("1.targets/a.json"),
  tuf("snapshot.json"),
  upload("a delegation, the same again", (author) => ({
    "targets/a": signed(author.targets({ targets: { "2.0": target("two") } }), alice),
  })),
  upload("a delegation, by another key", (author) => ({
    "targets/a": signed(author.targets({ version: 2 }), author.rootKey),
  })),
  upload("a delegation, expired", (author) => ({
    "targets/a": signed(author.targets({ version: 2, expires: yesterday() }), alice),
  })),
  upload("a delegation with nulls", (author) => ({
    "targets/a": signed(
      author.targets({ version: 2, delegations: null, targets: null, expires: inAYear() }),
      alice,
    ),
  })),
  upload("a delegation below the delegation, which is not declared", (author) => ({
    "targets/a/b": signed(author.targets(), alice),
  })),
  upload("targets after a gap, with null key ids", (author) => {
    const roles = [{ name: "targets/a", keyids: null, paths: null, threshold: 1 }];
    return {
      targets: signed(author.targets({ version: 5, delegations: { keys: null, roles } }), author.targetsKey),
    };
  }),
  upload("targets, an older version", (author) => ({
    targets: signed(author.targets({ version: 4 }), author.targetsKey),
  })),
  upload("a timestamp of the client's, which is passed over", (author) => ({
    timestamp: signed({ _type: "Timestamp", version: 1000, expires: inAYear(), meta: {} }, author.rootKey),
  })),
  tuf("timestamp.json"),
  ...reads,
  ...feeds,
  tuf("", "DELETE"),
  ...reads,
  ...feeds,
  tuf("", "DELETE"),
];
