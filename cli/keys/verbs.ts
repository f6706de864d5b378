import type { RunnableVerb } from "../verb.ts";
import { keysCreate } from "./create.ts";
import { keysList } from "./list.ts";
import { keysRevoke } from "./revoke.ts";

export const verbs: readonly RunnableVerb[] = [keysCreate, keysList, keysRevoke];
