/**
 * A risk manager on a data folder, as a process that kills itself at a given step; what it sends
 * is written down. It ends by itself when nothing is left to be sent.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandOutcome } from "../command-side/gateway.ts";
import type { PlannedCommand } from "../command-side/process-managers/manager.ts";
import { riskAssessmentManager } from "../command-side/process-managers/risk-assessment/manager.ts";
import { runManager } from "../command-side/process-managers/run-manager.ts";
import { SqliteProcessStore } from "../command-side/process-managers/sqlite-process-store.ts";
import { openReadCodec } from "../platform/codec/codec.ts";
import { openSqliteRegistry } from "../platform/codec/sqlite-registry.ts";
import { openSqliteLogReader } from "../platform/log/sqlite/sqlite-log-reader.ts";

const [folder = "", processes = "", killAt = "0", wish = "end"] = process.argv.slice(2);
const stopping = new AbortController();
const { signal } = stopping;
const log = openSqliteLogReader({ folder });
const registry = openSqliteRegistry({ folder, readOnly: true });
const file = join(processes, "risk-assessment.db");
const store = new SqliteProcessStore({ file, projection: riskAssessmentManager.projection });
let steps = 0;

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
      if (steps === Number(killAt)) process.kill(process.pid, "SIGKILL");
    },
    onProgress: (partitions, outboxSize) => {
      const isDone = partitions.every(({ caughtUp }) => caughtUp) && outboxSize === 0;
      if (isDone && store.find("duePortfolios", { limit: 1 }).length === 0) stopping.abort();
    },
  },
  signal,
});
await store.close();
await log.close();
await registry.close();
process.exitCode = end.reason === "stopped" ? 0 : 1;

function record(command: PlannedCommand): CommandOutcome {
  appendFileSync(join(processes, "sent.ndjson"), `${JSON.stringify(command)}\n`);
  const { aggregateId } = command;
  const partition = { topic: "risk.events", partition: 0 };
  const nothing = { events: [], answer: null, repeated: false } as const;
  const place = { aggregateId, version: 1, partition, position: 1, logId: "log-1" };
  return { outcome: "accepted", ...place, ...nothing };
}
