import { createRoute, z } from "@hono/zod-openapi";
import type { Principal, User } from "../../access/index.ts";
import { listHeaders, listQuery, pageHeaders, toListQuery } from "./pagination.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { formatTime, time, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

export const userSchema = z
  .object({
    user_id: z.number().int(),
    username: z.string(),
    email: z.string(),
    realname: z.string(),
    comment: z.string(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z.boolean(),
    creation_time: time,
    update_time: time,
  })
  .openapi("UserResp");

const profileSchema = z
  .object({
    email: z.string().default(""),
    realname: z.string().default(""),
    comment: z.string().default(""),
  })
  .openapi("UserProfile");

const newUserSchema = profileSchema
  .extend({ username: z.string().default(""), password: z.string().default("") })
  .openapi("UserCreationReq");

const userParams = z.object({ user_id: wholeNumber("The id of the user") });

const listUsers = createRoute({
  method: "get",
  path: "/users",
  tags: ["user"],
  summary: "List users",
  request: {
    query: listQuery.extend({ username: z.string().optional(), email: z.string().optional() }),
  },
  responses: {
    200: { ...json(z.array(userSchema), "The users."), headers: listHeaders },
    ...refusals(400, 401, 403),
  },
});

const createUser = createRoute({
  method: "post",
  path: "/users",
  tags: ["user"],
  summary: "Create a user",
  request: { body: body(newUserSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 409) },
});

const getUser = createRoute({
  method: "get",
  path: "/users/{user_id}",
  tags: ["user"],
  summary: "Get a user: an administrator any, others themselves",
  request: { params: userParams },
  responses: { 200: json(userSchema, "The user."), ...refusals(400, 401, 403, 404) },
});

const updateUser = createRoute({
  method: "put",
  path: "/users/{user_id}",
  tags: ["user"],
  summary: "Change a user's email, real name and comment",
  request: { params: userParams, body: body(profileSchema) },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 409) },
});

const deleteUser = createRoute({
  method: "delete",
  path: "/users/{user_id}",
  tags: ["user"],
  summary: "Delete a user",
  request: { params: userParams },
  responses: { 200: done, ...refusals(400, 401, 403, 404, 412) },
});

/** True when `principal` is the user with this id. */
export function isSelf(principal: Principal, id: number): boolean {
  return principal.kind === "user" && principal.id === id;
}

export function toUserBody(user: User): z.infer<typeof userSchema> {
  return {
    user_id: user.id,
    username: user.username,
    email: user.email ?? "",
    realname: user.realname,
    comment: user.comment,
    sysadmin_flag: user.admin,
    admin_role_in_auth: false,
    creation_time: formatTime(user.createdAt),
    update_time: formatTime(user.updatedAt),
  };
}

export function addUsers(api: Api, { access, rights }: ApiServices): void {
  const { users } = access;

  api.openapi(listUsers, async (c) => {
    const { principal } = await identify(c, access);
    await rights.require(principal, null, "user", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const criteria = new Map(query.criteria);
    if (parameters.username) criteria.set("username", { kind: "contains", text: parameters.username });
    if (parameters.email) criteria.set("email", { kind: "contains", text: parameters.email });
    const page = await users.list({ ...query, criteria });
    return c.json(page.items.map(toUserBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(createUser, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "user", "create");
    const { id } = await users.create(caller, c.req.valid("json"));
    return c.body(null, 201, { Location: locationOf(c, id) });
  });

  api.openapi(getUser, async (c) => {
    const { principal } = await identify(c, access);
    const { user_id: id } = c.req.valid("param");
    if (!isSelf(principal, id)) await rights.require(principal, null, "user", "read");
    return c.json(toUserBody(await users.get(id)), 200);
  });

  api.openapi(updateUser, async (c) => {
    const { principal, caller } = await identify(c, access);
    const { user_id: id } = c.req.valid("param");
    if (!isSelf(principal, id)) await rights.require(principal, null, "user", "update");
    await users.updateProfile(caller, id, c.req.valid("json"));
    return c.body(null, 200);
  });

  api.openapi(deleteUser, async (c) => {
    const { principal, caller } = await identify(c, access);
    await rights.require(principal, null, "user", "delete");
    await users.delete(caller, c.req.valid("param").user_id);
    return c.body(null, 200);
  });
}
