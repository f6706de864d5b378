import { setTimeout as sleep } from "node:timers/promises";
import { submitAll } from "../cli/demo/take-in.ts";
import { waitUntilProjected } from "../cli/demo/wait-until-projected.ts";
import { createHttpSession } from "../cli/http-session.ts";
import { processManagers } from "../command-side/process-managers/registry.ts";
import { metricsOf } from "./metrics.ts";
import { closeCandles, founding, history, historyTicks } from "./population.ts";

const LOOK_EVERY_MILLISECONDS = 250;
/** A manager tells its figures from time to time: looks in a row that find nothing to do. */
const IDLE_LOOKS = 8;
const IDLE_WITHIN_MILLISECONDS = 300_000;

/** The whole population, projected and assessed. */
export async function fill(url: string, queryAddress = url): Promise<void> {
  const close = async () => {};
  const addresses = { address: url, queryAddress };
  const session = createHttpSession({ ...addresses, apiKey: null, isEmbedded: false, close });
  const nowMs = Date.now();
  await submitAll(founding(), { session });
  const { counts } = await session.sendTicks(historyTicks(nowMs), { source: "backfill" });
  if (counts.rejected + counts.quarantined > 0) throw new Error(JSON.stringify(counts));
  await submitAll(closeCandles(nowMs), { session });
  await submitAll(history(nowMs), { session });
  await untilManaged(url);
  await waitUntilProjected({ session, interrupted: new AbortController().signal });
}

/**
 * Until the process managers have taken in all events and have no command to send; gives the first
 * moment of it that was seen, in `performance.now()`.
 */
export async function untilManaged(url: string): Promise<number> {
  const deadlineMs = performance.now() + IDLE_WITHIN_MILLISECONDS;
  let idleSinceMs = performance.now();
  for (let idleLooks = 0; idleLooks < IDLE_LOOKS; ) {
    if (performance.now() > deadlineMs) throw new Error("the process managers are not done");
    await sleep(LOOK_EVERY_MILLISECONDS);
    const { sumOf } = await metricsOf(url);
    const names = processManagers.map(({ projection }) => projection.name);
    const left = names.map((manager) => {
      const gap = sumOf("process_manager_gap_events", { manager });
      return gap + sumOf("process_manager_outbox_commands", { manager });
    });
    idleLooks = left.every((count) => count === 0) ? idleLooks + 1 : 0;
    if (idleLooks === 1) idleSinceMs = performance.now();
  }
  return idleSinceMs;
}
