import type { Events } from "../../../events/index.ts";

/**
 * Keeps who pushed what refers to an image, each of them: whether its word counts follows from that. What this server
 * copies stays the word of those who pushed it: who copies an image has not read all that refers to it.
 */
export function recordPushers(events: Events): void {
  events.on("manifestPushed", async (tx, { manifestId, digest, subject, copyOf, caller }) => {
    if (subject === null) return;
    const pushers =
      copyOf === null
        ? [{ kind: caller.kind, name: caller.name }]
        : await tx
            .selectFrom("referrer_pusher")
            .innerJoin("manifest", "manifest.id", "referrer_pusher.manifest_id")
            .innerJoin("repository", "repository.id", "manifest.repository_id")
            .select(["referrer_pusher.kind", "referrer_pusher.name"])
            .where("repository.name", "=", copyOf)
            .where("manifest.digest", "=", digest)
            .execute();
    if (pushers.length === 0) return;
    await tx
      .insertInto("referrer_pusher")
      .values(pushers.map((pusher) => ({ manifest_id: manifestId, ...pusher })))
      .onConflict((conflict) => conflict.columns(["manifest_id", "kind", "name"]).doNothing())
      .execute();
  });
}
