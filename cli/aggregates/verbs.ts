import type { RunnableVerb } from "../verb.ts";
import { aggregatesShow } from "./show.ts";

export const verbs: readonly RunnableVerb[] = [aggregatesShow];
