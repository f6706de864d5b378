import { hostname } from "node:os";
import { z } from "zod";
import { topics } from "../../kafka-topics/topics.ts";
import { readConfig } from "../../platform/config/config.ts";
import { importLog } from "../../platform/log/moving/import-log.ts";
import { type Manifest, readManifest } from "../../platform/log/moving/manifest.ts";
import { type LogPlace, openLogWriting } from "../../platform/log/places.ts";
import { inStage } from "../../platform/log/sqlite/backup.ts";
import { exitCodes } from "../exit-codes.ts";
import { interrupted as interruptedFailure } from "../failure.ts";
import { logName, logPlace } from "../log-place.ts";
import { startProgress } from "../progress.ts";
import { defineVerb } from "../verb.ts";
import { printMoved, refusedToMove } from "./moving.ts";
import { inEmptyFolder } from "./places.ts";

const FAILED = "the export was not imported";

export const logImport = defineVerb({
  name: "import",
  words: "<folder>",
  summary: "Fills a log without events from an export, embedded or on Kafka",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon log import ./exported --data ./new-folder"],
  run: async ({ words, output, environment, interrupted }) => {
    const [folder = ""] = words;
    const place = logPlace(readConfig(environment));
    const carry = (at: LogPlace, total: number) => {
      const progress = startProgress(output, { label: "importing", total, unit: "events" });
      const onProgress = (imported: number) => {
        if (interrupted.aborted) {
          throw interruptedFailure(FAILED, "remove what was imported so far, and import again");
        }
        progress.update(imported, imported);
      };
      return fill(at, folder, onProgress).finally(() => progress.stop());
    };
    const importAll = async () => {
      // Without a manifest nothing is begun.
      const total = readManifest(folder).files.reduce((sum, { events }) => sum + events, 0);
      if (place.kafka !== null) return carry(place, total);
      return intoFolder(place, (at) => carry(at, total));
    };
    printMoved(await importAll().catch(refusedToMove(FAILED, folder)), output);
    output.message(`It is in ${logName(place)}.`);
    return exitCodes.ok;
  },
});

/** The embedded log stands in its folder only when all of it was imported and checked. */
function intoFolder(place: LogPlace, carry: (at: LogPlace) => Promise<Manifest>) {
  return inEmptyFolder(place.folder, () => {
    return inStage(place.folder, (stage) => carry({ ...place, folder: stage }));
  });
}

async function fill(
  place: LogPlace,
  folder: string,
  onProgress: (imported: number) => void,
): Promise<Manifest> {
  const { log, codec, registry, close } = await openLogWriting(place, topics);
  const owner = `log import ${hostname()}/${process.pid}`;
  try {
    return await importLog({ log, codec, registry, folder, owner, onProgress });
  } finally {
    await close();
  }
}
