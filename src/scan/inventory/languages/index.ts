import type { Analyzer } from "../analyzer.ts";
import { dotnet } from "./dotnet.ts";
import { go } from "./go.ts";
import { java } from "./java/java.ts";
import { node } from "./node.ts";
import { php } from "./php.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { rust } from "./rust.ts";

/** What the package managers of languages have installed, and what programs say of what they were built from. */
export const languageAnalyzers: readonly Analyzer[] = [python, node, java, ...go, rust, ruby, php, dotnet];
