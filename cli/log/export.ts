import { z } from "zod";
import { exportLog } from "../../platform/log/moving/export-log.ts";
import { exitCodes } from "../exit-codes.ts";
import { interrupted as interruptedFailure } from "../failure.ts";
import { startProgress } from "../progress.ts";
import { withReadLog } from "../read-log.ts";
import { defineVerb } from "../verb.ts";
import { countRecords, printMoved, refusedToMove } from "./moving.ts";

export const logExport = defineVerb({
  name: "export",
  words: "<folder>",
  summary: "Writes events and schemas into a folder, for another log or for safety",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon log export ./exported", "cipherhorizon log export ./exported --json"],
  run: ({ words, output, environment, interrupted }) => {
    const [folder = ""] = words;
    return withReadLog(environment, async ({ log, registry }) => {
      const total = await countRecords(log);
      const progress = startProgress(output, { label: "exporting", total, unit: "records" });
      const onProgress = (read: number) => {
        if (interrupted.aborted) {
          throw interruptedFailure("the log was not exported", `remove ${folder}, run it again`);
        }
        progress.update(read, read);
      };
      const manifest = await exportLog({ log, registry, folder, onProgress })
        .catch(refusedToMove("the log was not exported", folder))
        .finally(() => progress.stop());
      printMoved(manifest, output);
      return exitCodes.ok;
    });
  },
});
