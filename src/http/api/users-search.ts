import { createRoute, z } from "@hono/zod-openapi";
import { listHeaders, pageHeaders, pageQuery, toListQuery } from "./pagination.ts";
import { type Api, identifyKnown } from "./request.ts";
import { json, refusals } from "./responses.ts";
import type { ApiServices } from "./services.ts";

const foundUser = z.object({ user_id: z.number().int(), username: z.string() }).openapi("UserSearchRespItem");

const searchUsers = createRoute({
  method: "get",
  path: "/users/search",
  tags: ["user"],
  summary: "Find users by a part of their username, to make them members",
  request: { query: pageQuery.extend({ username: z.string() }) },
  responses: {
    200: { ...json(z.array(foundUser), "The users."), headers: listHeaders },
    ...refusals(400, 401),
  },
});

export function addUserSearch(api: Api, { access }: ApiServices): void {
  api.openapi(searchUsers, async (c) => {
    await identifyKnown(c, access);
    const parameters = c.req.valid("query");
    const query = {
      ...toListQuery(parameters),
      criteria: new Map([["username", { kind: "contains", text: parameters.username } as const]]),
      sort: [{ field: "username", descending: false }],
    };
    const page = await access.users.list(query);
    const users = page.items.map(({ id, username }) => ({ user_id: id, username }));
    return c.json(users, 200, pageHeaders(c, page, query));
  });
}
