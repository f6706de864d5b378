import { existsSync } from "node:fs";
import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import { backUpLog } from "../../platform/log/sqlite/backup.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { defineVerb } from "../verb.ts";
import { embeddedFolder } from "./places.ts";

export const logBackup = defineVerb({
  name: "backup",
  words: "<file>",
  summary: "Copies the log of a data folder into a file, beside a running server",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon log backup ./monday.db"],
  run: async ({ words, output, environment }) => {
    const [file = ""] = words;
    const folder = embeddedFolder(readConfig(environment), "the log was not backed up");
    if (existsSync(file)) throw isThere(file);
    const { logId } = await backUpLog(folder, file);
    if (output.json) output.value({ file, logId });
    else output.line(`log ${logId} is in ${file}`);
    return exitCodes.ok;
  },
});

function isThere(file: string): Failure {
  return new Failure(exitCodes.conflict, {
    failed: "the log was not backed up",
    error: "there is a file of that name, which is never written over",
    tried: file,
    todo: "name another file",
  });
}
