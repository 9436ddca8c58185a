import { createRoute, z } from "@hono/zod-openapi";
import { BreakwaterError } from "../../kernel/index.ts";
import { type PushedSbom, type SbomDocument, sbomFormats, sbomMediaTypes } from "../../scan/index.ts";
import { artifactParams, artifactPath, fullName, pathOf } from "./repository-path.ts";
import { type Api, identify } from "./request.ts";
import { json, refusals } from "./responses.ts";
import { formatTime, time } from "./schemas.ts";
import type { ApiServices } from "./services.ts";

const tags = ["artifact"];

const sbomSchema = z
  .object({
    format: z.enum(["spdx", "cyclonedx", "syft"]),
    media_type: z.string(),
    origin: z.enum(["scan", "referrer", "tag", "index"]).openapi({
      description:
        "Made from what is inside the image, or how what was pushed says that it is about the image",
    }),
    attested: z
      .boolean()
      .openapi({ description: "It lies in an attestation. Signatures are not checked here" }),
    artifact_digest: z
      .string()
      .openapi({ description: "What holds it; of one that is made the image itself" }),
    digest: z.string().optional().openapi({ description: "Of the layer that it is" }),
    size: z.number().int().optional(),
    creation_time: time,
    href: z.string().openapi({ description: "Where it is to be had" }),
  })
  .openapi("Sbom");

const listSboms = createRoute({
  method: "get",
  path: `${artifactPath}/sboms`,
  tags,
  summary: "List the SBOMs that there are of an image: those made of it, and those that were pushed",
  request: { params: artifactParams },
  responses: {
    200: json(z.array(sbomSchema), "The made ones first, then the pushed ones, the newest first."),
    ...refusals(400, 401, 403, 404),
  },
});

const getSbom = createRoute({
  method: "get",
  path: `${artifactPath}/additions/sbom`,
  tags,
  summary: "Get an image's SBOM, or the one that an artifact holds",
  request: {
    params: artifactParams,
    query: z.object({
      format: z
        .enum(sbomFormats)
        .optional()
        .openapi({ description: "Unless given, by the header Accept; SPDX where that says nothing" }),
      digest: z
        .string()
        .optional()
        .openapi({ description: "Which of the documents that an artifact holds; the first unless given" }),
    }),
  },
  responses: {
    200: { description: "The document.", content: { "*/*": { schema: z.unknown() } } },
    ...refusals(400, 401, 403, 404, 412),
  },
});

export function addArtifactSbom(api: Api, { access, registry, rights, sboms }: ApiServices): void {
  const { artifacts } = registry;

  api.openapi(listSboms, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-addition", "read");
    const artifact = await artifacts.find(fullName(params), params.reference);
    const base = c.req.path.slice(0, c.req.path.indexOf("/projects/")) + pathOf(fullName(params));
    const scannedAt = await sboms.scannedAt(artifact.id);
    const made = sbomFormats.map((format) => ({
      format,
      media_type: sbomMediaTypes[format],
      origin: "scan" as const,
      attested: false,
      artifact_digest: artifact.digest,
      creation_time: formatTime(scannedAt ?? 0),
      href: `${base}/artifacts/${artifact.digest}/additions/sbom?format=${format}`,
    }));
    const pushed = await sboms.pushed(artifact);
    return c.json([...(scannedAt === null ? [] : made), ...pushed.map((one) => toBody(one, base))], 200);
  });

  api.openapi(getSbom, async (c) => {
    const { principal } = await identify(c, access);
    const params = c.req.valid("param");
    await rights.authorize(principal, { name: params.project_name }, "artifact-addition", "read");
    const artifact = await artifacts.find(fullName(params), params.reference);
    const { format, digest } = c.req.valid("query");
    const held = await sboms.heldBy(artifact);
    if (held.length > 0 || digest !== undefined) {
      const document = choose(held, format, digest);
      return answer(await sboms.read(document), document.mediaType);
    }
    const asked = format ?? formatOf(c.req.header("accept") ?? "");
    return answer(await sboms.write(artifact, asked), sbomMediaTypes[asked]);
  });
}

function toBody(one: PushedSbom, base: string): z.output<typeof sbomSchema> {
  return {
    format: one.format,
    media_type: one.mediaType,
    origin: one.origin,
    attested: one.attested,
    artifact_digest: one.artifact,
    digest: one.digest,
    size: one.size,
    creation_time: formatTime(one.pushedAt),
    href: `${base}/artifacts/${one.artifact}/additions/sbom?digest=${one.digest}`,
  };
}

function choose(
  held: readonly SbomDocument[],
  format: string | undefined,
  digest: string | undefined,
): SbomDocument {
  const document = held.find(
    (one) =>
      (format === undefined || one.format === format) && (digest === undefined || one.digest === digest),
  );
  if (document !== undefined) return document;
  throw new BreakwaterError(
    "NOT_FOUND",
    "The artifact holds no such SBOM. Ask for the image's list of SBOMs, which says where each is to be had.",
  );
}

function formatOf(accept: string): (typeof sbomFormats)[number] {
  return sbomFormats.find((format) => accept.includes(sbomMediaTypes[format])) ?? "spdx";
}

/** Others have written it: a browser is to save it, not to show it as a page of this server. */
function answer(content: Uint8Array, mediaType: string): Response {
  return new Response(content, {
    headers: {
      "content-type": mediaType,
      "content-disposition": 'attachment; filename="sbom"',
      "x-content-type-options": "nosniff",
    },
  });
}
