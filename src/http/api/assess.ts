import type { Artifact, ArtifactRef, ArtifactTag } from "../../registry/index.ts";
import type { ArtifactAssessment, Assessment } from "../../verdict/index.ts";
import type { ApiServices } from "./services.ts";

/** An artifact with what is known of it and of its tags. */
export interface AssessedArtifact {
  readonly artifact: Artifact;
  readonly assessment: ArtifactAssessment;
}

/** Assesses a page of artifacts, those of each repository together. */
export async function assessArtifacts(
  { verdicts }: Pick<ApiServices, "verdicts">,
  artifacts: readonly Artifact[],
): Promise<readonly AssessedArtifact[]> {
  const assessed = new Map<number, ArtifactAssessment>();
  for (const some of Map.groupBy(artifacts, ({ repository }) => repository.id).values()) {
    const [first] = some;
    if (first === undefined) continue;
    const found = await verdicts.ofArtifacts(first.repository, some);
    for (const [id, assessment] of found) assessed.set(id, assessment);
  }
  return artifacts.flatMap((artifact) => {
    const assessment = assessed.get(artifact.id);
    return assessment === undefined ? [] : { artifact, assessment };
  });
}

/** Assesses one. */
export async function assessArtifact(
  { verdicts }: Pick<ApiServices, "verdicts">,
  artifact: Artifact,
): Promise<AssessedArtifact> {
  return { artifact, assessment: await verdicts.ofArtifact(artifact.repository, artifact) };
}

/** A tag with what is known of it. */
export interface AssessedTag {
  readonly tag: ArtifactTag;
  readonly assessment: Assessment;
}

/** Assesses a page of an artifact's tags. */
export async function assessTags(
  { verdicts }: Pick<ApiServices, "verdicts">,
  { id, digest, repository }: ArtifactRef,
  tags: readonly ArtifactTag[],
): Promise<readonly AssessedTag[]> {
  const assessed = await verdicts.ofArtifact(repository, { id, digest, tags });
  return tags.flatMap((tag) => {
    const assessment = assessed.tags.get(tag.name);
    return assessment === undefined ? [] : { tag, assessment };
  });
}
