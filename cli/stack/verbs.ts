import type { RunnableVerb } from "../verb.ts";
import { stackDestroy } from "./destroy.ts";
import { stackDown } from "./down.ts";
import { stackStatusVerb } from "./status.ts";
import { stackUp } from "./up.ts";

export const verbs: readonly RunnableVerb[] = [stackUp, stackStatusVerb, stackDown, stackDestroy];
