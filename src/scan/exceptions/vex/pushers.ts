import type { Events } from "../../../events/index.ts";

/** Keeps who pushed what refers to an image, each of them: whether its word counts follows from that. */
export function recordPushers(events: Events): void {
  events.on("manifestPushed", async (tx, { manifestId, subject, caller }) => {
    if (subject === null) return;
    await tx
      .insertInto("referrer_pusher")
      .values({ manifest_id: manifestId, kind: caller.kind, name: caller.name })
      .onConflict((conflict) => conflict.columns(["manifest_id", "kind", "name"]).doNothing())
      .execute();
  });
}
