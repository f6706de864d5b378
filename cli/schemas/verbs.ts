import type { RunnableVerb } from "../verb.ts";
import { schemasCheck } from "./check.ts";
import { schemasGenerate } from "./generate.ts";
import { schemasRegister } from "./register.ts";

export const verbs: readonly RunnableVerb[] = [schemasCheck, schemasRegister, schemasGenerate];
