import type { RunnableVerb } from "../verb.ts";
import { importFillsVerb } from "./fills.ts";
import { importTicksVerb } from "./ticks.ts";

export const verbs: readonly RunnableVerb[] = [importTicksVerb, importFillsVerb];
