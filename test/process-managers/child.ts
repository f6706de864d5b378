/**
 * A risk manager on a data folder, as a process that kills or stops itself at a given step; what it
 * sends is written down. It ends by itself when nothing is left to be sent.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandOutcome } from "../../command-side/gateway.ts";
import type { PlannedCommand } from "../../command-side/process-managers/manager.ts";
import { riskAssessmentManager } from "../../command-side/process-managers/risk-assessment/manager.ts";
import { runManager } from "../../command-side/process-managers/run-manager.ts";
import { openReadCodec } from "../../platform/codec/codec.ts";
import { openSqliteRegistry } from "../../platform/codec/sqlite-registry.ts";
import { openSqliteLogReader } from "../../platform/log/sqlite/sqlite-log-reader.ts";
import { pause } from "../../projections/runner/pause.ts";
import { type ProcessStoreAt, processStoreAt } from "../contracts/process-store/adapters.ts";

const [folder = "", own = "", at = "", step = "0", sign = "", wish = "end"] = process.argv.slice(2);
const LOOK_EVERY_MS = 100;
const stopping = new AbortController();
const { signal } = stopping;
const log = openSqliteLogReader({ folder });
const registry = openSqliteRegistry({ folder, readOnly: true });
const store = processStoreAt(JSON.parse(at) as ProcessStoreAt, riskAssessmentManager.projection);
let steps = 0;
let isCaughtUp = false;
/** Another does its work while it sleeps: it ends when it notices, and not before. */
const isGhost = Number(step) > 0 && sign === "SIGSTOP";
const looking = endWhenDone();

const end = await runManager({
  manager: riskAssessmentManager,
  sources: null,
  store,
  log,
  codec: openReadCodec({ registry }),
  door: { submit: async (command) => record(command) },
  clock: Date.now,
  wish: wish === "beginning" ? "beginning" : "end",
  observer: {
    onStarted: (starts) => process.stdout.write(`${JSON.stringify(starts)}\n`),
    onStep: () => {
      steps += 1;
      if (steps === Number(step)) process.kill(process.pid, sign);
    },
    onRetry: (doing, detail) => process.stderr.write(`${doing}: ${detail}\n`),
    onTrouble: (_, trouble) => trouble !== null && process.stderr.write(`${trouble}\n`),
    onProgress: (partitions) => {
      isCaughtUp = partitions.every(({ caughtUp }) => caughtUp);
    },
  },
  signal,
});
stopping.abort();
await looking;
await store.close();
await log.close();
await registry.close();
if (end.reason !== "stopped") process.stderr.write(`${end.reason}: ${end.detail}`);
process.exitCode = end.reason === "stopped" ? 0 : 1;

/** What is due goes into the outbox in one step: so it is looked for first. */
async function endWhenDone(): Promise<void> {
  while (!signal.aborted) {
    await pause(LOOK_EVERY_MS, signal);
    if (!isCaughtUp || isGhost || signal.aborted) continue;
    const [due] = await store.find([{ table: "duePortfolios", limit: 1 }]);
    if (due?.length === 0 && (await store.outboxSize()) === 0) stopping.abort();
  }
}

function record(command: PlannedCommand): CommandOutcome {
  appendFileSync(join(own, "sent.ndjson"), `${JSON.stringify(command)}\n`);
  const { aggregateId } = command;
  const partition = { topic: "risk.events", partition: 0 };
  const nothing = { events: [], answer: null, repeated: false } as const;
  const place = { aggregateId, version: 1, partition, position: 1, logId: "log-1" };
  return { outcome: "accepted", ...place, ...nothing };
}
