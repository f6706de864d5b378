import type { RunnableVerb } from "../verb.ts";
import { commandsSend } from "./send.ts";

export const verbs: readonly RunnableVerb[] = [commandsSend];
