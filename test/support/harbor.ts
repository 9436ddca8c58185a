import type { Breakwater, Credentials } from "./breakwater.ts";
import { expectStatus } from "./registry-client.ts";

/** Harbor's `role_id`. */
export const ROLE = { projectAdmin: 1, developer: 2, guest: 3, maintainer: 4, limitedGuest: 5 } as const;

async function create(server: Breakwater, path: string, body: unknown): Promise<Response> {
  const response = await server.api(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return expectStatus(201, response);
}

/** Unlike any other name: tests that share a server do not meet. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function createProject(
  server: Breakwater,
  options: { name?: string; public?: boolean } = {},
): Promise<string> {
  const { name = uniqueName("project"), public: isPublic = false } = options;
  await create(server, "/projects", { project_name: name, metadata: { public: String(isPublic) } });
  return name;
}

export async function createUser(server: Breakwater, username = uniqueName("user")): Promise<Credentials> {
  const password = "Secret-12345";
  await create(server, "/users", {
    username,
    password,
    email: `${username}@example.com`,
    realname: username,
    comment: "",
  });
  return { username, password };
}

export async function addMember(
  server: Breakwater,
  project: string,
  user: Credentials,
  role: keyof typeof ROLE,
): Promise<void> {
  await create(server, `/projects/${project}/members`, {
    role_id: ROLE[role],
    member_user: { username: user.username },
  });
}

export interface RobotPermission {
  readonly resource: string;
  readonly action: string;
}

/** A project's robot account; its `username` is the full name, `robot$project+name`. */
export async function createRobot(
  server: Breakwater,
  project: string,
  access: readonly RobotPermission[] = [
    { resource: "repository", action: "pull" },
    { resource: "repository", action: "push" },
  ],
): Promise<Credentials> {
  const response = await create(server, "/robots", {
    name: uniqueName("robot"),
    level: "project",
    duration: -1,
    disable: false,
    permissions: [{ kind: "project", namespace: project, access }],
  });
  const { name, secret } = (await response.json()) as { name: string; secret: string };
  return { username: name, password: secret };
}
