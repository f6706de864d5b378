/**
 * The thread of one process manager, with its own connections to its store and to the read model.
 * Commands go to the main thread, which holds the command side.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { CommandOutcome } from "../../command-side/gateway.ts";
import type { CommandDoor } from "../../command-side/process-managers/manager.ts";
import { registeredManager } from "../../command-side/process-managers/registry.ts";
import {
  type ManagerObserver,
  runManager,
} from "../../command-side/process-managers/run-manager.ts";
import { openLogReading } from "../../platform/log/places.ts";
import { whenThere } from "../../platform/log/when-there.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { endTelemetry, joinTracing } from "../../platform/telemetry/start-tracing.ts";
import type { FromManager, ManagerJob, ToManager } from "./process-manager-messages.ts";
import { openProcessStore } from "./process-store.ts";
import { openStoredMinutes } from "./stored-minutes.ts";

const port = parentPort;
if (port === null) throw new Error("this module is a worker thread's");
const tell = (message: FromManager) => port.postMessage(message);
const stopping = new AbortController();
const answers = new Map<number, (outcome: CommandOutcome) => void>();
port.on("message", (message: ToManager) => {
  if (message.type === "stop") return stopping.abort();
  answers.get(message.number)?.(message.outcome);
  answers.delete(message.number);
});
let submitted = 0;

/** Attempts after which trouble is told, once. */
const WARNED_ATTEMPTS = 5;

/** The sender's own time-out gives up on an answer that never comes; a late one finds nobody. */
const door: CommandDoor = {
  submit: (command, actor) => {
    submitted += 1;
    const number = submitted;
    return new Promise((answer) => {
      answers.set(number, answer);
      tell({ type: "submit", number, command, actor });
    });
  },
};

// What the main thread hands over, which is in this process and of this version.
const job = workerData as ManagerJob;
await joinTracing(job.manager);
await work(job).finally(async () => {
  await endTelemetry();
  port.close();
});

async function work({ place, log: logAt, manager: name, wish }: ManagerJob): Promise<void> {
  const { signal } = stopping;
  const manager = registeredManager(name);
  const onAway = (reason: string) => {
    tell({ type: "trouble", partition: null, trouble: `the log: ${reason}` });
  };
  const { log, codec, close } = await whenThere(logAt, { signal, onAway }, () => {
    return openLogReading(logAt);
  });
  tell({ type: "trouble", partition: null, trouble: null });
  const logger = createLogger("warn");
  const minutes = await openStoredMinutes({ place, log, codec, logger, signal });
  const store = await openProcessStore(place, manager.projection);
  const parts = { manager, sources: minutes, store, log, codec, door, wish, signal };
  try {
    const end = await runManager({ ...parts, clock: Date.now, observer: observer() });
    tell({ type: "ended", end });
  } finally {
    stopping.abort();
    await minutes.close();
    await store.close();
    await close();
  }
}

function observer(): ManagerObserver {
  let outboxSize = 0;
  return {
    onStarted: (starts) => tell({ type: "started", starts }),
    onOutbox: (size) => {
      outboxSize = size;
    },
    onProgress: (partitions) => tell({ type: "progress", partitions, outboxSize }),
    onTrouble: (partition, trouble) => tell({ type: "trouble", partition, trouble }),
    onFailed: ({ aggregate, aggregateId, type, commandId }, code, detail) => {
      const facts = { aggregate, aggregateId, command: type, commandId, code, detail };
      tell({ type: "warning", text: "a command of a process manager failed", facts });
    },
    onRetry: (doing, detail, attempts) => {
      if (attempts !== WARNED_ATTEMPTS) return;
      tell({ type: "warning", text: `${doing} is tried again and again`, facts: { detail } });
    },
  };
}
