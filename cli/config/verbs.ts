import type { RunnableVerb } from "../verb.ts";
import { configCheck } from "./check.ts";
import { configShow } from "./show.ts";

export const verbs: readonly RunnableVerb[] = [configShow, configCheck];
