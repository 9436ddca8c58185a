import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Database, openPostgresql } from "../../src/db/index.ts";
import { day } from "../../src/kernel/index.ts";
import { type Breakwater, basicAuth, type Credentials } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { eventually } from "../support/eventually.ts";
import { createProject, createUser, uniqueName } from "../support/harbor.ts";
import { content, makeImage, randomBytes } from "../support/image.ts";
import { openRepository, RepositoryClient } from "../support/registry-client.ts";
import { type Cluster, missingForCluster, startCluster } from "./cluster.ts";

const json = { "content-type": "application/json" };

/** What one process knows all others must know at once: any request may reach any of them. */
describeUnless(missingForCluster(), "copies without a shared disk are equal", () => {
  let cluster: Cluster;
  let one: Breakwater;
  let two: Breakwater;
  let database: Database;

  beforeAll(async () => {
    cluster = await startCluster(2, { log: { level: "error" } });
    [one, two] = cluster.copies as [Breakwater, Breakwater];
    database = await openPostgresql(cluster.options);
  }, 120_000);
  afterAll(async () => {
    await database?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  const login = async (server: Breakwater, user: Credentials) =>
    (await server.fetch("/service/token", { headers: { authorization: basicAuth(user) } })).status;

  test("an upload goes on at another copy after its own was killed in the middle of a request", async () => {
    const here = await openRepository(one, "library/upload");
    const there = new RepositoryClient(two, here.name, here.token);
    const blob = content("", randomBytes(6_000_000));
    const path = (location: string) => location.replace(/^https?:\/\/[^/]+/, "");
    const begun = path(await here.startUpload());
    const first = await here.fetch(begun, { method: "PATCH", body: blob.bytes.slice(0, 2_000_000) });
    expect(first.status).toBe(202);
    // Part of this one arrives, and then its copy is gone.
    const stalled = here
      .fetch(begun, {
        method: "PATCH",
        body: new ReadableStream({
          pull: async (stream) => {
            stream.enqueue(blob.bytes.slice(2_000_000, 4_000_000));
            await Bun.sleep(60_000);
          },
        }),
      })
      .catch(() => null);
    await Bun.sleep(500);
    await one.kill();
    await stalled;

    const status = await there.fetch(begun);
    const last = Number(status.headers.get("range")?.split("-")[1]);
    expect(last).toBeGreaterThanOrEqual(1_999_999);
    const rest = await there.fetch(`${begun}?digest=${blob.digest}`, {
      method: "PUT",
      body: blob.bytes.slice(last + 1),
    });
    expect(rest.status, await rest.text()).toBe(201);
    await one.start();
    expect(await here.pullBlob(blob.digest)).toEqual(blob.bytes);
  }, 120_000);

  test("a session, with its protection against forgery, and a token are good at each", async () => {
    const body = new URLSearchParams({ principal: "admin", password: one.admin.password });
    const opened = await one.fetch("/c/login", { method: "POST", body });
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const csrf = opened.headers.get("x-harbor-csrf-token") ?? "";
    const change = (token: string) =>
      two.fetch("/api/v2.0/projects", {
        method: "POST",
        headers: { ...json, cookie, "x-harbor-csrf-token": token },
        body: JSON.stringify({ project_name: uniqueName("session") }),
      });
    expect((await change("another")).status).toBe(403);
    expect((await change(csrf)).status).toBe(201);
    const { token } = await openRepository(one, "library/token");
    await new RepositoryClient(two, "library/token", token).pushImage(await makeImage(), "v1");
  });

  test("wrong passwords are counted together", async () => {
    const guess = { username: uniqueName("nobody"), password: "wrong" };
    const from = { "x-forwarded-for": "192.0.2.44", authorization: basicAuth(guess) };
    const statuses: number[] = [];
    for (let at = 0; at < 14; at++) {
      const copy = cluster.copies[at % 2] as Breakwater;
      statuses.push((await copy.fetch("/service/token", { headers: from })).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses.slice(11)).toEqual([429, 429, 429]);
  });

  test("a password that was changed, and a robot that was disabled, are refused at the other at once", async () => {
    const user = await createUser(one);
    expect(await login(two, user)).toBe(200);
    const users = (await (await one.api(`/users?q=username=${user.username}`)).json()) as {
      user_id: number;
    }[];
    const id = users[0]?.user_id;
    const password = "Another-12345";
    const changed = await one.api(`/users/${id}/password`, {
      method: "PUT",
      headers: json,
      body: JSON.stringify({ new_password: password }),
    });
    expect(changed.status).toBe(200);
    expect(await login(two, user)).toBe(401);
    expect(await login(two, { ...user, password })).toBe(200);

    const wanted = {
      name: uniqueName("robot"),
      level: "system",
      duration: -1,
      permissions: [
        { kind: "project", namespace: "*", access: [{ resource: "repository", action: "pull" }] },
      ],
    };
    const created = await one.api("/robots", { method: "POST", headers: json, body: JSON.stringify(wanted) });
    const robot = (await created.json()) as { id: number; name: string; secret: string };
    const account = { username: robot.name, password: robot.secret };
    expect(await login(two, account)).toBe(200);
    const disabled = await one.api(`/robots/${robot.id}`, {
      method: "PUT",
      headers: json,
      body: JSON.stringify({ ...wanted, name: robot.name, disable: true }),
    });
    expect(disabled.status).toBe(200);
    expect(await login(two, account)).toBe(401);
  });

  test("a tag that was moved, and a project that was closed, are seen at the other at once", async () => {
    const project = await createProject(one, { public: true });
    const name = `${project}/app`;
    const here = await openRepository(one, name);
    const [first, second] = [await makeImage(), await makeImage()];
    await here.pushImage(first, "latest");
    const anonymously = await openRepository(two, name, null);
    expect((await anonymously.pullManifest("latest")).digest).toBe(first.manifest.digest);
    await here.pushImage(second, "latest");
    expect((await anonymously.pullManifest("latest")).digest).toBe(second.manifest.digest);
    const closed = await one.api(`/projects/${project}`, {
      method: "PUT",
      headers: json,
      body: JSON.stringify({ metadata: { public: "false" } }),
    });
    expect(closed.status).toBe(200);
    const next = await openRepository(two, name, null);
    expect((await next.fetch("/manifests/latest")).status).toBe(401);
  });

  test("a job whose process died is taken over, and a schedule that came due submits one job", async () => {
    const rows = await database.write(async (tx) => {
      const now = Date.now();
      const { id } = await tx
        .insertInto("job")
        .values({
          kind: "GARBAGE_COLLECTION",
          parameters: "{}",
          trigger: "manual",
          state: "running",
          run_at: now - day,
          holder: "a process that was killed",
          held_until: now - 1,
          attempts: 1,
          created_at: now - day,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await tx
        .updateTable("schedule")
        .set({ next_at: now - 1 })
        .where("kind", "=", "UPLOAD_PURGE")
        .execute();
      return id;
    });
    const read = (kind: string) =>
      database.read.selectFrom("job").selectAll().where("kind", "=", kind).orderBy("id").execute();
    const taken = await eventually(
      () => read("GARBAGE_COLLECTION"),
      (jobs) => jobs.some(({ id, state }) => id === rows && state === "success"),
    );
    expect(taken.find(({ id }) => id === rows)?.attempts).toBe(2);
    const purges = await eventually(
      () => read("UPLOAD_PURGE"),
      (jobs) => jobs.some(({ state }) => state === "success"),
    );
    expect(purges.map(({ attempts }) => attempts)).toEqual([1]);
  }, 60_000);

  test("they say who they are, and one that ended well is no longer there", async () => {
    const serving = async () => {
      const rows = await database.read
        .selectFrom("setting")
        .select("value")
        .where("name", "like", "serve.process.%")
        .execute();
      return rows.map(({ value }) => (JSON.parse(value) as { who: string }).who);
    };
    expect((await serving()).join()).toContain(`(process ${two.pid})`);
    const { pid } = two;
    await two.stop();
    expect((await serving()).join()).not.toContain(`(process ${pid})`);
    await two.start();
  });
});
