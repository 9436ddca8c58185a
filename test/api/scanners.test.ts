import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { builtIn, type Coverage, type Report } from "../../src/scan/index.ts";
import { AdapterServer, types } from "../scan/scanners/adapter-server.ts";
import { describeOnEngines } from "../support/engines.ts";
import { Pusher } from "./content.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

interface Shown {
  readonly uuid: string;
  readonly scan_overview?: Record<string, { scan_status: string; severity: string; message?: string }>;
}

const covered: Coverage = {
  ecosystem: "Alpine:v3.10",
  state: "covered",
  asOf: 1,
  packages: 1,
  message: "Good.",
};
const uncovered: Coverage = { ...covered, state: "no_feed", asOf: null, message: "No feed tells of it." };

function reportOf(coverage: readonly Coverage[], change: Partial<Report> = {}): Report {
  const none = { failure: null, dataAsOf: 1, counts: {}, fixable: 0, findings: [] };
  return { scanner: "Breakwater", state: "done", reportedAt: 1, coverage, ...none, ...change };
}

describeOnEngines("the API: scanners", (open) => {
  let fixture: ApiFixture;
  let adapter: AdapterServer;
  let alice: Client;
  let maintainer: Client;
  let guest: Client;

  beforeAll(async () => {
    fixture = await openApi(open);
    adapter = new AdapterServer();
    [alice, maintainer, guest] = await Promise.all([
      fixture.user("alice"),
      fixture.user("mia"),
      fixture.user("gus"),
    ]);
    await alice.post("/projects", { project_name: "team" });
    const join = (role_id: number, username: string) =>
      alice.post("/projects/team/members", { role_id, member_user: { username } });
    await Promise.all([join(4, "mia"), join(3, "gus")]);
  });
  afterAll(async () => {
    await adapter[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  const settings = (change: object = {}) => ({
    name: `Model ${crypto.randomUUID().slice(0, 8)}`,
    url: `${adapter.url}/${crypto.randomUUID().slice(0, 8)}/..`,
    ...change,
  });

  describe("registrations", () => {
    test("begin with the built-in scanner, which nobody changes", async () => {
      const { admin } = fixture;
      const shown = await (await admin.get(`/scanners/${builtIn.uuid}`)).json();
      expect(shown).toMatchObject({ name: "Breakwater", is_default: true, health: "healthy", url: "" });
      const path = `/scanners/${builtIn.uuid}`;
      expect(await refusalOf(await admin.put(path, settings()))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.delete(path))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.get("/scanners/none"))).toBe("404 NOT_FOUND");
      const metadata = await (await admin.get(`${path}/metadata`)).json();
      expect(metadata).toMatchObject({ scanner: { name: "Breakwater" } });
    });

    test("are made, changed, chosen and deleted, and never tell their credential", async () => {
      const { admin } = fixture;
      const wanted = { name: "Model", url: `${adapter.url}/`, auth: "Bearer", access_credential: "s3cret" };
      const made = await admin.post("/scanners", wanted);
      expect(made.status).toBe(201);
      const path = `/scanners/${made.headers.get("location")?.split("/").at(-1)}`;
      expect(adapter.headers.at(-1)?.get("authorization")).toBe("Bearer s3cret");
      const shown = await (await admin.get(path)).text();
      expect(shown).not.toContain("s3cret");
      expect(JSON.parse(shown)).toMatchObject({
        name: "Model",
        url: adapter.url,
        health: "healthy",
        adapter: "Model",
        vendor: "Tests",
        capabilities: { support_vulnerability: true, support_sbom: true },
        is_default: false,
      });
      expect(await refusalOf(await admin.post("/scanners", wanted))).toBe("409 CONFLICT");

      // Without a credential the one that is kept is used; at another host it is not sent.
      const { access_credential, ...kept } = wanted;
      expect(access_credential).toBe("s3cret");
      expect((await admin.put(path, { ...kept, description: "d" })).status).toBe(200);
      await admin.get(path);
      expect(adapter.headers.at(-1)?.get("authorization")).toBe("Bearer s3cret");
      const elsewhere = { ...kept, url: "http://127.0.0.1:1" };
      expect(await refusalOf(await admin.put(path, elsewhere))).toBe("400 BAD_REQUEST");

      expect((await admin.patch(path, { is_default: true })).status).toBe(200);
      expect((await namesIn(await admin.get("/scanners"))).slice(0, 2)).toEqual(["Model", "Breakwater"]);
      expect(await namesIn(await admin.get("/scanners?q=name=~break"))).toEqual(["Breakwater"]);
      expect(await namesIn(await admin.get("/scanners?ex_name=Model"))).toEqual(["Model"]);
      expect(await refusalOf(await admin.put(path, { ...kept, disabled: true }))).toBe("400 BAD_REQUEST");
      expect((await (await alice.get("/projects/team/scanner")).json()) as Shown).toMatchObject({
        name: "Model",
        url: "",
      });
      expect((await admin.delete(path)).status).toBe(200);
      expect(await (await alice.get("/projects/team/scanner")).json()).toMatchObject({ uuid: builtIn.uuid });
    });

    test("are written as Harbor's clients do: the API key by its name there, and null for what is empty", async () => {
      const { admin } = fixture;
      for (const auth of ["X-ScannerAdapter-API-Key", "APIKey"]) {
        const wanted = { ...settings(), auth, access_credential: "k3y", description: null, disabled: null };
        const made = await admin.post("/scanners", wanted);
        expect(made.status).toBe(201);
        expect(adapter.headers.at(-1)?.get("x-scanneradapter-api-key")).toBe("k3y");
        const path = `/scanners/${made.headers.get("location")?.split("/").at(-1)}`;
        const shown = (await (await admin.get(path)).json()) as object;
        expect(shown).toMatchObject({ auth: "APIKey", description: "", disabled: false });
        // As it is shown, it can be sent back.
        expect((await admin.put(path, shown)).status).toBe(200);
        const none = { ...wanted, auth: null, access_credential: null, skip_certVerify: null };
        expect((await admin.put(path, none)).status).toBe(200);
        expect(await (await admin.get(path)).json()).toMatchObject({ auth: "" });
        expect((await admin.delete(path)).status).toBe(200);
      }
    });

    test("whose credential cannot be decrypted are unhealthy, and can be given another or be deleted", async () => {
      const { admin, rooms } = fixture;
      const wanted = { ...settings(), auth: "Bearer", access_credential: "s3cret" };
      const made = await admin.post("/scanners", wanted);
      const uuid = made.headers.get("location")?.split("/").at(-1) ?? "";
      const path = `/scanners/${uuid}`;
      const restore = () =>
        rooms.database.write((tx) =>
          tx
            .updateTable("scanner_registration")
            .set({ credential: crypto.getRandomValues(new Uint8Array(40)) })
            .where("uuid", "=", uuid)
            .execute(),
        );
      await restore();
      expect((await alice.put("/projects/team/scanner", { uuid })).status).toBe(200);
      expect(await (await admin.get(path)).json()).toMatchObject({
        health: "unhealthy",
        health_message: expect.stringContaining("give the scanner its access_credential anew"),
      });
      expect(await namesIn(await admin.get("/scanners"))).toContain(wanted.name);
      expect(await (await alice.get("/projects/team/scanner")).json()).toMatchObject({ health: "unhealthy" });

      rooms.clock.now += 1000;
      expect((await admin.put(path, wanted)).status).toBe(200);
      expect(await (await admin.get(path)).json()).toMatchObject({ health: "healthy" });
      await restore();
      expect(await (await admin.delete(path)).json()).toMatchObject({ uuid, name: wanted.name });
      expect(await refusalOf(await admin.get(path))).toBe("404 NOT_FOUND");
    });

    test.each([
      { name: "" },
      { name: "breakwater" },
      { url: "ftp://example.com" },
      { url: "http://me:word@example.com" },
      { url: "http://127.0.0.1:1" },
      { auth: "Digest", access_credential: "x" },
      { auth: "Basic" },
      { auth: "Bearer", access_credential: "a\r\nX-Evil: 1" },
    ])("are refused with %p", async (change) => {
      expect(await refusalOf(await fixture.admin.post("/scanners", settings(change)))).toBe(
        "400 BAD_REQUEST",
      );
    });

    test("are for administrators; which of them a project uses, for its own", async () => {
      for (const who of [alice, fixture.anonymous]) {
        const refusal = who === alice ? "403 FORBIDDEN" : "401 UNAUTHORIZED";
        expect(await refusalOf(await who.get("/scanners"))).toBe(refusal);
        expect(await refusalOf(await who.post("/scanners", settings()))).toBe(refusal);
        expect(await refusalOf(await who.post("/scanners/ping", settings()))).toBe(refusal);
        expect(await refusalOf(await who.get(`/scanners/${builtIn.uuid}`))).toBe(refusal);
        expect(await refusalOf(await who.get("/system/scanAll/schedule"))).toBe(refusal);
      }
      const choose = (who: Client) => who.put("/projects/team/scanner", { uuid: builtIn.uuid });
      expect((await choose(alice)).status).toBe(200);
      expect((await choose(maintainer)).status).toBe(403);
      expect((await alice.get("/projects/team/scanner/candidates")).status).toBe(200);
      expect((await maintainer.get("/projects/team/scanner/candidates")).status).toBe(403);
      expect((await guest.get("/projects/team/scanner")).status).toBe(200);
    });
  });

  describe("scans", () => {
    async function image(report?: Report) {
      const repository = `team/${crypto.randomUUID().slice(0, 8)}`;
      const digest = await new Pusher(fixture.registry).newImage(repository, ["v1"]);
      const { id } = await fixture.registry.artifacts.find(repository, digest);
      if (report !== undefined) fixture.own.reports.set(id, report);
      return { id, path: `/projects/${repository.replace("/", "/repositories/")}/artifacts/v1` };
    }
    const overviewOf = async (path: string, query = "with_scan_overview=true") =>
      ((await (await guest.get(`${path}?${query}`)).json()) as Shown).scan_overview;
    const vulnerabilities = async (path: string, accept = types.generic) =>
      (
        await guest.get(`${path}/additions/vulnerabilities`, { "x-accept-vulnerabilities": accept })
      ).json() as Promise<Record<string, object>>;

    test("are begun and stopped by maintainers, and read by guests", async () => {
      const { id, path } = await image();
      expect((await guest.post(`${path}/scan`, {})).status).toBe(403);
      expect((await maintainer.post(`${path}/scan`, {})).status).toBe(202);
      expect(fixture.own.requested).toContain(id);
      expect((await maintainer.post(`${path}/scan/stop`, { scan_type: "vulnerability" })).status).toBe(202);
      expect(fixture.own.stopped).toContainEqual([id]);
      expect(await refusalOf(await maintainer.post(`${path}/scan`, { scan_type: "all" }))).toBe(
        "400 BAD_REQUEST",
      );
      expect(await overviewOf(path)).toBeUndefined();
      expect(await vulnerabilities(path)).toEqual({});
    });

    test.each([
      ["scan", ""],
      ["scan", { scan_type: "vulnerability" }],
      ["scan", { scan_type: "sbom" }],
      ["scan/stop", ""],
      ["scan/stop", { scan_type: "sbom" }],
    ])("are asked for as Harbor's clients do: %s with the JSON %j", async (action, body) => {
      const { path } = await image();
      expect((await maintainer.post(`${path}/${action}`, body)).status).toBe(202);
    });

    test("that need a body are refused without one, and a body that is no JSON is no empty one", async () => {
      const { path } = await image();
      expect(await refusalOf(await maintainer.post(`${path}/scan`, " "))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await fixture.admin.post("/system/scanAll/schedule", ""))).toBe(
        "400 BAD_REQUEST",
      );
    });

    test("of an image that is covered say what was found, in the media type that is asked for", async () => {
      const finding = { id: "CVE-1", package: "a", version: "1", severity: "High" };
      const { path } = await image(
        reportOf([covered], { counts: { High: 1 }, findings: [{ ...finding }] as never }),
      );
      expect(await overviewOf(path, "")).toBeUndefined();
      const overview = (await overviewOf(path))?.[types.generic];
      expect(overview).toMatchObject({
        scan_status: "Success",
        severity: "High",
        complete_percent: 100,
        summary: { total: 1, fixable: 0, summary: { High: 1 } },
        scanner: { name: "Breakwater" },
        coverage: [{ ecosystem: "Alpine:v3.10", state: "covered" }],
      } as never);
      const clean = await image(reportOf([covered]));
      expect((await overviewOf(clean.path))?.[types.generic]).toMatchObject({ severity: "None" });
      expect(await vulnerabilities(clean.path, types.native)).toMatchObject({
        [types.native]: { severity: "None", vulnerabilities: [] },
      });
      expect(await vulnerabilities(clean.path, "text/plain")).toEqual({});
    });

    test.each([
      ["has no feed", reportOf([uncovered]), "No feed tells of it."],
      ["is covered in part", reportOf([covered, uncovered]), "No feed tells of it."],
      ["holds nothing that was recognised", reportOf([]), "Nothing in the image was recognised."],
      [
        "could not be scanned",
        reportOf([], { state: "failed", failure: "It broke.", reportedAt: null }),
        "It broke.",
      ],
    ])("of an image that %s are no success without vulnerabilities", async (_, report, message) => {
      const { path } = await image(report);
      const overview = (await overviewOf(path))?.[types.generic];
      expect(overview?.scan_status).toBe("Error");
      expect(overview?.severity).not.toBe("None");
      expect(overview?.message).toContain(message);
      expect(await vulnerabilities(path)).toEqual({});
    });

    test("with old data or in part covered still tell what they found, and call nothing clean", async () => {
      const stale = await image(reportOf([{ ...covered, state: "stale", message: "The feed is old." }]));
      expect((await overviewOf(stale.path))?.[types.generic]).toMatchObject({
        scan_status: "Success",
        severity: "Unknown",
        message: "The feed is old.",
      });
      const partly = await image(reportOf([covered, uncovered], { counts: { Low: 2 } }));
      expect((await overviewOf(partly.path))?.[types.generic]).toMatchObject({
        scan_status: "Success",
        severity: "Low",
      });
    });

    test("have a log by their report's id, and not by another image's", async () => {
      const [one, other] = [await image(reportOf([uncovered])), await image(reportOf([covered]))];
      const overview = (await overviewOf(one.path))?.[types.generic] as unknown as { report_id: string };
      const log = (path: string) => guest.get(`${path}/scan/${overview.report_id}/log`);
      expect(await (await log(one.path)).text()).toContain("No feed tells of it.");
      expect(await refusalOf(await log(other.path))).toBe("404 NOT_FOUND");
    });
  });

  test("all images are scanned by hand, by schedule, and not twice at once", async () => {
    const { admin, queue, own } = fixture;
    const path = "/system/scanAll/schedule";
    expect(await (await admin.get(path)).json()).toMatchObject({ schedule: { type: "None" } });
    expect(await refusalOf(await admin.post("/system/scanAll/stop", {}))).toBe("400 BAD_REQUEST");
    expect((await admin.post(path, { schedule: { type: "Daily", cron: "0 0 3 * * *" } })).status).toBe(201);
    expect(await refusalOf(await admin.post(path, { schedule: { type: "Weekly" } }))).toBe(
      "412 PRECONDITION",
    );
    expect(await refusalOf(await admin.put(path, { schedule: { type: "Manual" } }))).toBe("400 BAD_REQUEST");
    expect(await refusalOf(await admin.put(path, { schedule: { type: "Custom", cron: "x" } }))).toBe(
      "400 BAD_REQUEST",
    );
    expect((await admin.put(path, { schedule: { type: "None" } })).status).toBe(200);

    expect((await admin.post(path, { schedule: { type: "Manual" } })).status).toBe(201);
    expect(await refusalOf(await admin.post(path, { schedule: { type: "Manual" } }))).toBe("409 CONFLICT");
    const job = await queue.take("holder", ["SCAN_ALL"]);
    if (job === null) throw new Error("There is no job.");
    const log: string[] = [];
    const context = { job, log: (line: string) => log.push(line), progress: async () => {} };
    const report = await fixture.scanners.sweep.run(context);
    await queue.finish(job.id, "holder", { state: "success", report, error: null, log: "" });
    own.progress = { pending: 0, running: 1, success: 1, error: 2, stopped: 1 };
    const metrics = async () => (await admin.get("/scans/all/metrics")).json();
    expect(await metrics()).toEqual({
      ...{ total: 5, completed: 4, ongoing: true, trigger: "Manual" },
      metrics: { Pending: 0, Running: 1, Success: 1, Error: 2, Stopped: 1 },
    });
    expect((await admin.post("/system/scanAll/stop", {})).status).toBe(202);
    expect(own.stoppedSweeps).toEqual([job.id]);
    expect(await (await admin.get("/scans/schedule/metrics")).json()).toMatchObject({ total: 0 });
  });
});
