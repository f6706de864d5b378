import type { RunnableVerb } from "../verb.ts";
import { topicsApply } from "./apply.ts";
import { topicsPlan } from "./plan.ts";

export const verbs: readonly RunnableVerb[] = [topicsPlan, topicsApply];
