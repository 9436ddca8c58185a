import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError, isRefusal } from "../../kernel/index.ts";
import { type Member, roleName, type UserKey } from "../../projects/index.ts";
import { listHeaders, pageHeaders, pageQuery, toListQuery } from "./pagination.ts";
import { type Api, identify, locationOf } from "./request.ts";
import { body, created, done, json, refusals } from "./responses.ts";
import { projectHeaders, projectKey, projectParams, wholeNumber } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const memberSchema = z
  .object({
    id: z.number().int(),
    project_id: z.number().int(),
    entity_name: z.string(),
    entity_type: z.enum(["u", "g"]),
    entity_id: z.number().int(),
    role_id: z.number().int(),
    role_name: z.string(),
  })
  .openapi("ProjectMemberEntity");

const newMemberSchema = z
  .object({
    role_id: z.number().int().default(0),
    member_user: z
      .object({ user_id: z.number().int().nullish(), username: z.string().nullish() })
      .openapi("UserEntity")
      .nullish(),
    member_group: z.object({}).openapi("UserGroup").nullish(),
  })
  .openapi("ProjectMember");

const path = "/projects/{project_name_or_id}/members";
const request = { params: projectParams, headers: projectHeaders };
const requestForOne = {
  params: projectParams.extend({ mid: wholeNumber("The id of the member") }),
  headers: projectHeaders,
};

const listMembers = createRoute({
  method: "get",
  path,
  tags: ["member"],
  summary: "List a project's members",
  request: { ...request, query: pageQuery.extend({ entityname: z.string().optional() }) },
  responses: {
    200: { ...json(z.array(memberSchema), "The members."), headers: listHeaders },
    ...refusals(400, 401, 403, 404),
  },
});

const createMember = createRoute({
  method: "post",
  path,
  tags: ["member"],
  summary: "Make a user a member of a project",
  request: { ...request, body: body(newMemberSchema) },
  responses: { 201: created, ...refusals(400, 401, 403, 404, 409) },
});

const getMember = createRoute({
  method: "get",
  path: `${path}/{mid}`,
  tags: ["member"],
  summary: "Get a member of a project",
  request: requestForOne,
  responses: { 200: json(memberSchema, "The member."), ...refusals(400, 401, 403, 404) },
});

const updateMember = createRoute({
  method: "put",
  path: `${path}/{mid}`,
  tags: ["member"],
  summary: "Give a member another role",
  request: {
    ...requestForOne,
    body: body(z.object({ role_id: z.number().int().default(0) }).openapi("RoleRequest")),
  },
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

const deleteMember = createRoute({
  method: "delete",
  path: `${path}/{mid}`,
  tags: ["member"],
  summary: "Take a member from a project",
  request: requestForOne,
  responses: { 200: done, ...refusals(400, 401, 403, 404) },
});

export function addMembers(api: Api, { access, members, rights }: ApiServices): void {
  api.openapi(listMembers, async (c) => {
    const { principal } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "member", "list");
    const parameters = c.req.valid("query");
    const query = toListQuery(parameters);
    const page = await members.list(id, { ...query, username: parameters.entityname || null });
    return c.json(page.items.map(toMemberBody), 200, pageHeaders(c, page, query));
  });

  api.openapi(createMember, async (c) => {
    const { principal, caller } = await identify(c, access);
    const key = projectKey(c.req.valid("param"), c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "member", "create");
    const request = c.req.valid("json");
    const user = toUserKey(request);
    try {
      const member = await members.create(caller, id, user, request.role_id);
      return c.body(null, 201, { Location: locationOf(c, member.id) });
    } catch (error) {
      // A user who is named by a wrong id is, to Harbor's clients, a wrong request.
      if (!("id" in user) || !isRefusal(error, "NOT_FOUND")) throw error;
      throw new BreakwaterError("BAD_REQUEST", error.message);
    }
  });

  api.openapi(getMember, async (c) => {
    const { principal } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "member", "read");
    return c.json(toMemberBody(await members.get(id, parameters.mid)), 200);
  });

  api.openapi(updateMember, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "member", "update");
    await members.setRole(caller, id, parameters.mid, c.req.valid("json").role_id);
    return c.body(null, 200);
  });

  api.openapi(deleteMember, async (c) => {
    const { principal, caller } = await identify(c, access);
    const parameters = c.req.valid("param");
    const key = projectKey(parameters, c.req.valid("header"));
    const { id } = await rights.authorize(principal, key, "member", "delete");
    await members.delete(caller, id, parameters.mid);
    return c.body(null, 200);
  });
}

function toMemberBody(member: Member): z.infer<typeof memberSchema> {
  return {
    id: member.id,
    project_id: member.projectId,
    entity_name: member.username,
    entity_type: "u",
    entity_id: member.userId,
    role_id: member.role,
    role_name: roleName(member.role),
  };
}

function toUserKey(request: z.infer<typeof newMemberSchema>): UserKey {
  const { user_id, username } = request.member_user ?? {};
  if (user_id && user_id > 0) return { id: user_id };
  if (username) return { username };
  const reason =
    request.member_group == null ? "Say in member_user who." : "There are no user groups, only users.";
  throw new BreakwaterError("BAD_REQUEST", `Nobody can be made a member. ${reason}`);
}
