import type { RunnableVerb } from "../verb.ts";
import { logBackup } from "./backup.ts";
import { logExport } from "./export.ts";
import { logImport } from "./import.ts";
import { logRestore } from "./restore.ts";
import { logVerify } from "./verify.ts";

export const verbs: readonly RunnableVerb[] = [
  logVerify,
  logBackup,
  logRestore,
  logExport,
  logImport,
];
