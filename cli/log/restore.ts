import { z } from "zod";
import { topics } from "../../kafka-topics/topics.ts";
import { readConfig } from "../../platform/config/config.ts";
import { restoreLog } from "../../platform/log/sqlite/backup.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb } from "../verb.ts";
import { embeddedFolder, inEmptyFolder } from "./places.ts";

export const logRestore = defineVerb({
  name: "restore",
  words: "<file>",
  summary: "Puts a backup into an empty data folder, as a log with a new id",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon log restore ./monday.db --data ./restored"],
  run: async ({ words, output, environment }) => {
    const [file = ""] = words;
    const folder = embeddedFolder(readConfig(environment), "the backup was not restored");
    const { logId } = await inEmptyFolder(folder, () => restoreLog({ file, folder, topics }));
    if (output.json) output.value({ folder, logId });
    else output.line(`log ${logId} is in ${folder}`);
    output.message("Check it with: cipherhorizon log verify");
    return exitCodes.ok;
  },
});
