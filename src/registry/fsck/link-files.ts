import { parseLinkKey, repositoriesPrefix } from "../../blobs/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { foreignFile, isTemporary, temporaryFile } from "./files.ts";
import { lookAtLink, targetOf } from "./link.ts";

/** What Docker Distribution keeps beside the links and Breakwater has no use for. */
const distributions = /\/_manifests\/tags\/[^/]+\/index\/|\/_uploads\//;

/** Every link in the storage stands for something that the database knows. */
export async function* linkFiles(scope: Scope): AsyncIterable<Suspicion> {
  for await (const file of scope.objects.list(repositoriesPrefix)) {
    scope.examined("files", 1);
    if (isTemporary(file.key)) {
      if (file.modifiedAt < scope.settledBefore) yield temporaryFile(scope, file.key);
      continue;
    }
    if (distributions.test(file.key)) continue;
    const link = parseLinkKey(file.key);
    if (link === null) yield foreignFile(scope, file.key);
    else if ((await targetOf(scope.read, link)) === null) yield lookAtLink(scope, link);
  }
}
