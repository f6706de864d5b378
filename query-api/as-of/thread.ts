/** The thread that finds cuts and builds throw-away generations, beside that of the HTTP server. */
import { constants, copyFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { openLogReading } from "../../platform/log/places.ts";
import { joinTracing } from "../../platform/telemetry/start-tracing.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { generationFile } from "../../projections/runner/generation-files.ts";
import { Parking } from "../../projections/runner/parking.ts";
import { run } from "../../projections/runner/runner.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { cutAt } from "./cut.ts";
import type { Asked, BuildTask, PastThread, Told } from "./messages.ts";
import { pastLog } from "./past-log.ts";

const port = parentPort;
if (port === null) throw new Error("this module is a thread's");
const tell = (message: Told) => port.postMessage(message);
// What the query API hands over, which is in this process and of this version.
const { log: place, folder } = workerData as PastThread;
await joinTracing("as-of");
const { log, codec } = await openLogReading(place);

port.on("message", ({ id, task }: Asked) => {
  const work = task.type === "cut" ? cutAt({ log, ...task }) : build(id, task);
  work.then(
    (cut) => tell(cut === undefined ? { id, type: "built" } : { id, type: "cut", cut }),
    (error: unknown) => tell({ id, type: "failed", ...failureOf(error) }),
  );
});

/** Feeds a generation on SQLite until it has passed what the log is to end with. */
async function build(id: number, task: BuildTask): Promise<undefined> {
  const { projection: name, generation, ends, discarded, goingOnFrom } = task;
  if (goingOnFrom !== null) {
    const [from, to] = [goingOnFrom, generation].map((one) => generationFile(folder, name, one));
    copyFileSync(from as string, to as string, constants.COPYFILE_FICLONE);
  }
  const { projection } = registeredProjection(name);
  const store = await openStore({ folder, servers: NO_SERVERS }, name, generation);
  const done = new AbortController();
  const observer = {
    onProgress: ({
      partitions,
    }: {
      readonly partitions: readonly { readonly position: number }[];
    }) =>
      tell({
        id,
        type: "records",
        applied: partitions.reduce((sum, one) => sum + one.position, 0),
      }),
    onCaughtUp: () => done.abort(),
  };
  const past = pastLog(log, ends);
  try {
    const parking = new Parking({ releases: [], discarded });
    const parts = { projection, store, log: past, codec, parking, observer, isBuild: true };
    const { reason, detail } = await run({ ...parts, signal: done.signal });
    if (!done.signal.aborted) throw new Error(`the build of ${name} ended: ${reason}: ${detail}`);
  } finally {
    await store.close();
  }
}

function failureOf(error: unknown): { readonly code: string; readonly detail: string } {
  const code = error instanceof PlatformError ? error.code : "INTERNAL";
  return { code, detail: error instanceof Error ? error.message : String(error) };
}
