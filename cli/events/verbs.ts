import type { RunnableVerb } from "../verb.ts";
import { eventsList } from "./list.ts";
import { eventsTail } from "./tail.ts";

export const verbs: readonly RunnableVerb[] = [eventsList, eventsTail];
