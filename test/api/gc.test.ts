import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { day, hour } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { bodies, bodyIn, Pusher } from "./content.ts";
import { type ApiFixture, type Client, openApi, refusalOf } from "./fixture.ts";

interface ExecutionBody {
  readonly id: number;
  readonly job_name: string;
  readonly job_kind: string;
  readonly job_parameters: string;
  readonly job_status: string;
  readonly schedule: { type: string; cron: string; next_scheduled_time?: string };
}

describeOnEngines("the API: collections of garbage", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let alice: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    alice = await fixture.user("alice");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const schedule = "/system/gc/schedule";
  const manual = (parameters: object) => ({ schedule: { type: "Manual" }, parameters });
  const take = () => fixture.queue.take("runner", ["GARBAGE_COLLECTION"]);

  describe("the schedule", () => {
    test("is none at first, and then what was set", async () => {
      const none = await bodyIn<ExecutionBody>(await admin.get(schedule));
      expect(none.schedule).toEqual({ type: "None", cron: "" });
      const custom = {
        schedule: { type: "Custom", cron: "0 30 3 * * 0" },
        parameters: { delete_untagged: true, workers: 2, redis_url_reg: "x" },
      };
      expect((await admin.put(schedule, custom)).status).toBe(200);
      const body = await bodyIn<ExecutionBody>(await admin.get(schedule));
      expect(body.schedule).toEqual({
        type: "Custom",
        cron: "0 30 3 * * 0",
        next_scheduled_time: "2024-10-06T03:30:00.000Z",
      });
      expect(JSON.parse(body.job_parameters)).toEqual({ delete_untagged: true, dry_run: false, workers: 2 });
      expect((await admin.post(schedule, { schedule: { type: "Daily", cron: "" } })).status).toBe(201);
      expect((await bodyIn<ExecutionBody>(await admin.get(schedule))).schedule.cron).toBe("0 0 0 * * *");
      expect((await admin.put(schedule, { schedule: { type: "None" } })).status).toBe(200);
      expect((await bodyIn<ExecutionBody>(await admin.get(schedule))).schedule.type).toBe("None");
      expect(await fixture.rooms.audited()).toContain("update garbage-collection schedule");
    });

    test.each([
      [{}],
      [{ schedule: { type: "Sometimes" } }],
      [{ schedule: { type: "Custom", cron: "" } }],
      [{ schedule: { type: "Custom", cron: "* * * * *" } }],
      [{ schedule: { type: "Custom", cron: "a b c d e f" } }],
      [manual({ workers: 0 })],
      [manual({ delete_untagged: "yes" })],
    ])("refuses %j", async (body) => {
      expect(await refusalOf(await admin.put(schedule, body))).toBe("400 BAD_REQUEST");
    });
  });

  describe("an execution", () => {
    test("is begun, shown while it goes on and afterwards, with what it removed", async () => {
      const response = await admin.post(schedule, manual({ delete_untagged: true }));
      expect(response.status).toBe(201);
      const path = response.headers.get("location")?.replace("/api/v2.0", "") ?? "";
      expect(path).toMatch(/^\/system\/gc\/\d+$/);
      expect((await bodyIn<ExecutionBody>(await admin.get(path))).job_status).toBe("Pending");
      expect(await refusalOf(await admin.post(schedule, manual({})))).toBe("409 CONFLICT");

      const job = await take();
      expect((await bodyIn<ExecutionBody>(await admin.get(path))).job_status).toBe("Running");
      const report = { manifests: 2, unlinked: 5, deleted: 3, freed: 1000 };
      const outcome = { state: "success", report, error: null, log: "line 1\nline 2" } as const;
      await fixture.queue.finish(job?.id ?? 0, "runner", outcome);
      const [last] = await bodies<ExecutionBody>(await admin.get("/system/gc"));
      expect(last).toMatchObject({
        job_name: "GARBAGE_COLLECTION",
        job_kind: "MANUAL",
        job_status: "Success",
        schedule: { type: "Manual", cron: "" },
      });
      expect(JSON.parse(last?.job_parameters ?? "")).toEqual({
        delete_untagged: true,
        dry_run: false,
        workers: 1,
        purged_manifests: 2,
        purged_blobs: 3,
        freed_space: 1000,
      });
      const log = await admin.get(`${path}/log`);
      expect(log.headers.get("content-type")).toStartWith("text/plain");
      expect(await log.text()).toBe("line 1\nline 2");
    });

    test("is stopped", async () => {
      const response = await admin.post(schedule, manual({}));
      const path = response.headers.get("location")?.replace("/api/v2.0", "") ?? "";
      expect((await admin.put(path, { status: "Stop" })).status).toBe(200);
      expect((await bodyIn<ExecutionBody>(await admin.get(path))).job_status).toBe("Stopped");
      expect(await take()).toBeNull();
      const page = await admin.get("/system/gc?page_size=1&page=2");
      expect(page.headers.get("x-total-count")).toBe("2");
      expect(await bodies(page)).toHaveLength(1);
    });

    test("of another kind, or that does not exist, is not found", async () => {
      const other = await fixture.queue.submit("HOUSEKEEPING", {}, "schedule");
      for (const id of [other, 99_999]) {
        expect(await refusalOf(await admin.get(`/system/gc/${id}`))).toBe("404 NOT_FOUND");
        expect(await refusalOf(await admin.get(`/system/gc/${id}/log`))).toBe("404 NOT_FOUND");
        expect(await refusalOf(await admin.put(`/system/gc/${id}`, {}))).toBe("404 NOT_FOUND");
      }
    });

    test("is for administrators, and robots that were given the right", async () => {
      expect(await refusalOf(await alice.get("/system/gc"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.post(schedule, manual({})))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get(schedule))).toBe("401 UNAUTHORIZED");
      const robot = await fixture.robot("watcher", "/ garbage-collection:list");
      expect((await robot.get("/system/gc")).status).toBe(200);
      expect(await refusalOf(await robot.put(schedule, manual({})))).toBe("403 FORBIDDEN");
    });
  });

  describe("untagged artifacts", () => {
    test("go with all that only they held, once they are old enough; a dry run counts the same", async () => {
      const { registry, rooms } = fixture;
      const push = new Pusher(registry);
      await alice.post("/projects", { project_name: "team" });
      const images = { amd64: await makeImage(), arm64: await makeImage() };
      for (const image of Object.values(images)) await push.image("team/app", image);
      const index = await push.manifest("team/app", makeIndex(images), "moving");
      const signature = await push.referrer(
        "team/app",
        images.amd64.manifest.digest,
        "application/vnd.example",
      );
      const kept = await push.newImage("team/app", ["kept"]);
      const keptSignature = await push.referrer("team/app", kept, "application/vnd.example");
      const shared = await makeImage();
      await push.image("team/app", shared);
      const keptIndex = await push.manifest("team/app", makeIndex({ amd64: shared }), "index");
      await push.manifest("team/app", makeIndex({ amd64: shared, again: shared }));
      const waiting = await push.referrer("team/app", `sha256:${"0".repeat(64)}`, "application/vnd.example");
      rooms.clock.now += day;
      await push.newImage("team/app", ["moving"]);
      const young = await push.newImage("team/app", []);

      const options = { grace: hour, deleteUntagged: true };
      const dry = await registry.collector.collect({ ...options, dryRun: true });
      // The index, its children and the signature of one; the second index; what waits for its subject.
      expect(dry.manifests).toBe(6);
      expect((await registry.collector.collect({ grace: hour, dryRun: true })).manifests).toBe(0);
      const progress: number[] = [];
      const report = await registry.collector.collect({
        ...options,
        dryRun: false,
        onProgress: async ({ manifests }) => {
          progress.push(manifests);
        },
      });
      expect(report.manifests).toBe(6);
      expect(progress.at(-1)).toBe(6);

      const list = "/projects/team/repositories/app/artifacts";
      const left = (await bodies(await alice.get(`${list}?q=base%3D*&page_size=100`))).map(
        ({ digest }) => digest,
      );
      for (const gone of [
        index,
        signature,
        waiting,
        ...Object.values(images).map((i) => i.manifest.digest),
      ]) {
        expect(left).not.toContain(gone);
      }
      expect(left).toEqual(
        expect.arrayContaining([kept, keptSignature, keptIndex, shared.manifest.digest, young]),
      );
      expect(left).toHaveLength(6);
      expect(await rooms.audited()).toContain(`delete artifact team/app@${index}`);

      // Their content has begun its own grace period; a push in it takes up what is there.
      const blobs = async () => (await rooms.database.read.selectFrom("blob").select("id").execute()).length;
      const before = await blobs();
      rooms.clock.now += hour - 1;
      expect((await registry.collector.collect({ ...options, dryRun: false })).deleted).toBe(0);
      await push.manifest("team/app", images.arm64.manifest, "back");
      rooms.clock.now += 2;
      const second = await registry.collector.collect({ ...options, dryRun: false });
      expect(second.deleted).toBeGreaterThan(0);
      expect(await blobs()).toBe(before - second.deleted);
      expect((await alice.get(`${list}/back`)).status).toBe(200);
      const details = await bodyIn(await alice.get(`${list}/back`));
      expect(details.extra_attrs).toMatchObject({ os: "linux" });
    });
  });
});
