import { z } from "@hono/zod-openapi";
import { indexTypes, sbomTypes } from "../../kernel/index.ts";
import type { Accessory, Artifact, ArtifactOptions, ArtifactTag } from "../../registry/index.ts";
import type { AssessedArtifact, AssessedTag } from "./assess.ts";
import { labelSchema, toLabelBody } from "./labels.ts";
import { pathOf } from "./repository-path.ts";
import { scanFields, scanOptions } from "./scan-overviews.ts";
import { flag, formatTime, time } from "./schemas.ts";
import { toTrustBody, trustSchema } from "./trust-body.ts";
import { toVerdictBody, verdictSchema } from "./verdict-body.ts";

const id = z.number().int();
const annotations = z.record(z.string(), z.string());

export const tagSchema = z
  .object({
    id,
    name: z.string(),
    repository_id: id,
    artifact_id: id,
    push_time: time,
    pull_time: time,
    immutable: z.boolean(),
    signed: z.boolean().openapi({ description: "Whether it points to what is signed" }),
    trust: trustSchema.openapi({ description: "Within an artifact only the status" }),
    verdict: verdictSchema.optional().openapi({ description: "What a pull of the tag would be told" }),
  })
  .openapi("Tag");

export const accessorySchema = z
  .object({
    id,
    artifact_id: id,
    subject_artifact_id: id,
    subject_artifact_digest: z.string(),
    subject_artifact_repo: z.string(),
    size: z.number().int(),
    digest: z.string(),
    type: z.string(),
    icon: z.string(),
    creation_time: time,
  })
  .openapi("Accessory");

/** Of artifacts that hold an SBOM: Harbor's own, SPDX and CycloneDX. */
const sbomArtifactTypes: ReadonlySet<string> = new Set([
  "application/vnd.goharbor.harbor.sbom.v1",
  ...sbomTypes,
]);

/** Harbor's specification has the quotes in two of these names, and the clients made from it look for them. */
const platformSchema = z
  .object({
    architecture: z.string().optional(),
    os: z.string().optional(),
    variant: z.string().optional(),
    "os.version": z.string().optional(),
    "'os.version'": z.string().optional(),
    "os.features": z.array(z.string()).optional(),
    "'os.features'": z.array(z.string()).optional(),
  })
  .openapi("Platform");

const referenceSchema = z
  .object({
    parent_id: id,
    child_id: id,
    child_digest: z.string(),
    platform: platformSchema.optional(),
    annotations: annotations.optional(),
    urls: z.array(z.string()).nullable(),
  })
  .openapi("Reference");

/** Lists that are empty or were not asked for are null, as in Harbor. */
export const artifactSchema = z
  .object({
    id,
    type: z.string(),
    media_type: z.string(),
    manifest_media_type: z.string(),
    artifact_type: z.string().optional(),
    project_id: id,
    repository_id: id,
    repository_name: z.string(),
    digest: z.string(),
    size: z.number().int(),
    push_time: time,
    pull_time: time,
    extra_attrs: z.record(z.string(), z.unknown()).optional(),
    annotations: annotations.optional(),
    addition_links: z
      .record(z.string(), z.object({ href: z.string(), absolute: z.boolean() }).openapi("AdditionLink"))
      .optional(),
    references: z.array(referenceSchema).nullable(),
    tags: z.array(tagSchema).nullable(),
    labels: z.array(labelSchema).nullable(),
    accessories: z.array(accessorySchema).nullable(),
    signed: z.boolean().openapi({ description: "Whether it is signed, under whichever tag or in an index" }),
    trust: trustSchema,
    verdict: verdictSchema.openapi({ description: "What a pull by digest would be told" }),
    ...scanFields,
  })
  .openapi("Artifact");

/** Which parts of artifacts are wanted. */
export const artifactOptions = {
  with_tag: flag("Whether to show the tags; the default is true").optional(),
  with_label: flag("Whether to show the labels; the default is false").optional(),
  with_accessory: flag("Whether to show what refers to it; the default is true").optional(),
  ...scanOptions,
  with_signature: flag(
    "Taken for Harbor's older clients: whether tags are signed is always shown",
  ).optional(),
};

export function toOptions(query: {
  with_tag?: boolean | undefined;
  with_label?: boolean | undefined;
  with_accessory?: boolean | undefined;
}) {
  return {
    tags: query.with_tag ?? true,
    labels: query.with_label ?? false,
    accessories: query.with_accessory ?? true,
  };
}

/** Leaves the tags out where they are not wanted: they are looked at all the same, for the trust status. */
export function toArtifactBody(
  { artifact, assessment }: AssessedArtifact,
  { tags: withTags }: ArtifactOptions,
  now: number,
): z.infer<typeof artifactSchema> {
  const { attributes, annotations, references } = artifact;
  const tags = withTags ? artifact.tags : [];
  return {
    id: artifact.id,
    type: artifact.type,
    media_type: artifact.mediaType,
    manifest_media_type: artifact.manifestMediaType,
    ...(artifact.artifactType === "" ? {} : { artifact_type: artifact.artifactType }),
    project_id: artifact.repository.projectId,
    repository_id: artifact.repository.id,
    repository_name: artifact.repository.name,
    digest: artifact.digest,
    size: artifact.size,
    push_time: formatTime(artifact.pushedAt),
    pull_time: toTime(artifact.pulledAt),
    ...(attributes === null ? {} : { extra_attrs: attributes }),
    ...(annotations === null ? {} : { annotations }),
    ...(artifact.type === "IMAGE" || hasHistory(artifact) ? { addition_links: toLinks(artifact) } : {}),
    references: orNull(references.map((reference) => toReferenceBody(artifact.id, reference))),
    tags: orNull(
      tags.map((tag) => {
        const state = assessment.tags.get(tag.name)?.status.state ?? "unsigned";
        return { ...tagFields(tag), signed: state === "signed", trust: { status: state } };
      }),
    ),
    labels: orNull(artifact.labels.map(toLabelBody)),
    accessories: orNull(artifact.accessories.map(toAccessoryBody)),
    signed: assessment.status.state === "signed",
    trust: toTrustBody(assessment.status, now),
    verdict: toVerdictBody(assessment.verdict),
  };
}

export function toTagBody({ tag, assessment }: AssessedTag, now: number): z.infer<typeof tagSchema> {
  return {
    ...tagFields(tag),
    signed: assessment.status.state === "signed",
    trust: toTrustBody(assessment.status, now),
    verdict: toVerdictBody(assessment.verdict),
  };
}

function tagFields(tag: ArtifactTag) {
  return {
    id: tag.id,
    name: tag.name,
    repository_id: tag.repositoryId,
    artifact_id: tag.artifactId,
    push_time: formatTime(tag.pushedAt),
    pull_time: toTime(tag.pulledAt),
    immutable: false,
  };
}

export function toAccessoryBody(accessory: Accessory): z.infer<typeof accessorySchema> {
  return {
    id: accessory.artifactId,
    artifact_id: accessory.artifactId,
    subject_artifact_id: accessory.subjectId,
    subject_artifact_digest: accessory.subjectDigest,
    subject_artifact_repo: accessory.repositoryName,
    size: accessory.size,
    digest: accessory.digest,
    type: accessoryTypeOf(accessory),
    icon: "",
    creation_time: formatTime(accessory.createdAt),
  };
}

/**
 * Harbor's name of what refers to an artifact. Harbor reads a signature's kind, too, from the media type, which whoever
 * pushed it chose; nobody has verified it, so it is called no more than something that refers to the artifact.
 */
function accessoryTypeOf({ artifactType }: Accessory): string {
  return sbomArtifactTypes.has(artifactType.toLowerCase()) ? "sbom.harbor" : "subject.accessory";
}

/** Whether a config tells how the artifact was built. */
export function hasHistory({ type, manifestMediaType }: Artifact): boolean {
  return type === "WASM" || (type === "IMAGE" && !indexTypes.has(manifestMediaType));
}

function toReferenceBody(
  parentId: number,
  { childId, digest, platform, annotations, urls }: Artifact["references"][number],
): z.infer<typeof referenceSchema> {
  const version = platform?.["os.version"];
  const features = platform?.["os.features"];
  return {
    parent_id: parentId,
    child_id: childId,
    child_digest: digest,
    ...(platform === undefined
      ? {}
      : {
          platform: {
            architecture: platform.architecture,
            os: platform.os,
            variant: platform.variant,
            "os.version": version,
            "'os.version'": version,
            "os.features": features,
            "'os.features'": features,
          },
        }),
    ...(annotations === undefined ? {} : { annotations }),
    urls: urls ?? null,
  };
}

function toLinks(artifact: Artifact) {
  const { repository, digest, type } = artifact;
  const link = (addition: string) => {
    const href = `/api/v2.0${pathOf(repository.name)}/artifacts/${digest}/additions/${addition}`;
    return { [addition]: { href, absolute: false } };
  };
  return {
    ...(hasHistory(artifact) ? link("build_history") : {}),
    ...(type === "IMAGE" ? link("vulnerabilities") : {}),
  };
}

/** Harbor's zero time where there is none. */
function toTime(milliseconds: number | null): string {
  return milliseconds === null ? "0001-01-01T00:00:00.000Z" : formatTime(milliseconds);
}

function orNull<T>(items: T[]): T[] | null {
  return items.length === 0 ? null : items;
}
