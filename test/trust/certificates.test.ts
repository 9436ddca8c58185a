import { expect, test } from "bun:test";
import { type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import { delegation, keysOf } from "./author.ts";
import { refused, repository, Scene } from "./scene.ts";

/** Made by OpenSSL, with a key on the curve secp256k1, for every GUN of this server. */
const oddCertificate = `-----BEGIN CERTIFICATE-----
MIIBgTCCASigAwIBAgIUZtXL1qJB+Tbf1n2HM/oVARLEijEwCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPbG9jYWxob3N0Ojg0NDMq
MCAXDTI2MTEzMDAyMDYzMVoYDzIxMjYxMTA2MDIwNjMxWjAaMRgwFgYDVQQDDA9sb2NhbGhvc3Q6ODQ0MyowVjAQBgcqhkjOPQIB
BgUrgQQACgNCAAQH9iagDl3s0KzsGXwE+rHbza8j9RzsSW/OvHlylY9zUU4HMyOkG6k44FGIXgP/d3Hna+vRMgG5yxKoKjlIQeky
o00wSzAdBgNVHQ4EFgQUMUef0yx0JwIzhdIAlwGIm73r+5IwHwYDVR0jBBgwFoAUMUef0yx0JwIzhdIAlwGIm73r+5IwCQYDVR0T
BAIwADAKBggqhkjOPQQDAgNHADBEAiBJUnwCjj+nugx8DODRLK2RvgevOQF4MlKn/6jPwjKR7QIgaie7Mkk/1jpeHYfIK8aZ8wj1
EtM/sVNvtkchHlfDSaA=
-----END CERTIFICATE-----
`;

test("keys in certificates that the engine does not know sign nothing, and spoil nothing", async () => {
  const odd = publicKey("ecdsa-x509", new Uint8Array(Buffer.from(oddCertificate)));
  await using scene = await Scene.open();
  const { rootKey, targetsKey } = scene.author;
  const keys = keysOf(rootKey.public, targetsKey.public, scene.snapshotKey, scene.timestampKey, odd);
  const both = (key: PublicKey) => ({ keyids: [key.id, odd.id], threshold: 1 });
  const roles = scene.roles({ root: both(rootKey.public), timestamp: both(scene.timestampKey) });
  const root = scene.root({ keys, roles });
  const delegated = delegation("targets/releases", targetsKey.public, both(targetsKey.public));
  const targets = scene.targets({ delegations: { keys, roles: [delegated] } });
  const releases = scene.targets();
  expect(await refused(scene.publish({ root, targets, "targets/releases": releases }))).toBe(
    `INVALID_UPDATE: the certificate of key ${odd.id} of targets/releases is not secure`,
  );
  await scene.publish({ root, targets });
  const [shown] = await scene.trust.overview.published(repository);
  expect(shown).toMatchObject({ roles: [{ keys: expect.arrayContaining([odd.id]) }, { role: "targets" }] });
  const two = { ...both(scene.timestampKey), threshold: 2 };
  const next = scene.root({ version: 2, keys, roles: scene.roles({ timestamp: two }) });
  expect(await refused(scene.publish({ root: next }))).toContain("no  timestamp keys exist on the server");
});
