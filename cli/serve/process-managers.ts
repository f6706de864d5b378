import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { CommandGateway } from "../../command-side/gateway.ts";
import { gatewayDoor } from "../../command-side/process-managers/gateway-door.ts";
import type { CommandDoor } from "../../command-side/process-managers/manager.ts";
import type { Start } from "../../command-side/process-managers/process-store.ts";
import { processManagers } from "../../command-side/process-managers/registry.ts";
import { aggregates } from "../../command-side/registry.ts";
import type { Config } from "../../platform/config/config.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import {
  processManagerGapEvents,
  processManagerOutboxCommands,
} from "../../platform/telemetry/metrics.ts";
import type { PartitionProgress } from "../../projections/runner/progress.ts";
import { Troubles } from "../../projections/runner/troubles.ts";
import { logPlace } from "../log-place.ts";
import { storePlace } from "../store-place.ts";
import { namedIn } from "./named-in.ts";
import type { FromManager, ManagerJob, ToManager } from "./process-manager-messages.ts";
import type { StartedPart } from "./started-part.ts";

/** A thread that has not ended by then is ended: its open transaction is undone, not lost. */
const STOP_DEADLINE_MS = 8_000;

export interface ProcessManagersParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly gateway: CommandGateway;
}

export interface ProcessManagersPart extends StartedPart {
  /** Another process has run one of them since, and may have ended: begin anew where it is due. */
  readonly wereFenced: () => boolean;
}

/** The process managers as a part of the command side's process, each in a thread of its own. */
export async function processManagersPart(
  parts: ProcessManagersParts,
): Promise<ProcessManagersPart> {
  const { config, logger, gateway } = parts;
  const door = gatewayDoor(gateway, aggregates);
  const running = chosenManagers(config.processManagers).map((manager) => {
    const [place, log] = [storePlace(config), logPlace(config)];
    const job = { place, log, manager, wish: config.processStart };
    return new RunningManager(job, { door, logger });
  });
  // Before commands are served, so that a manager of a new log misses none of their events.
  await Promise.all(running.map((one) => one.started));
  const stop = () => Promise.all(running.map((one) => one.stop())).then(() => undefined);
  return {
    routes: [],
    checks: running.map((one) => ({ name: one.name, check: () => one.whatIsWrong() })),
    wereFenced: () => running.some((one) => one.wasFenced),
    updateMetrics: () => {
      for (const one of running) one.updateMetrics();
    },
    beforeDrain: [],
    afterDrain: [{ name: "stop the process managers", timeoutMs: 10_000, run: stop }],
  };
}

/** Those asked for whose aggregates this program decides. */
export function chosenManagers(wish: string): readonly string[] {
  const decided = new Set(aggregates.map(({ name }) => name));
  const able = processManagers.filter(({ targets }) => targets.every((one) => decided.has(one)));
  const names = able.map(({ projection }) => projection.name);
  if (wish === "all") return names;
  return wish === "none" ? [] : namedIn("CH_PROCESS_MANAGERS", wish, names);
}

/** One manager's thread, with what is known of it. */
class RunningManager {
  readonly name: string;
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  readonly #parts: { readonly door: CommandDoor; readonly logger: Logger };
  #partitions: readonly PartitionProgress[] = [];
  #outboxSize = 0;
  readonly #troubles = new Troubles<string>();
  #end: string | null = null;
  #wasFenced = false;
  #onStarted: () => void = () => undefined;

  constructor(job: ManagerJob, parts: { readonly door: CommandDoor; readonly logger: Logger }) {
    this.name = job.manager;
    this.#parts = parts;
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
    const file = new URL("./process-manager-worker.ts", import.meta.url);
    this.#worker = new Worker(file, { workerData: job, name: job.manager });
    this.#worker.on("message", (message: FromManager) => this.#hear(message));
    this.#worker.on("error", (error) => {
      this.#finish(error instanceof Error ? error.message : String(error));
    });
    this.#exited = once(this.#worker, "exit").finally(() => this.#finish("its thread has ended"));
    this.#exited.catch(() => undefined);
  }

  /** Finishes the commands under way. */
  async stop(): Promise<void> {
    this.#send({ type: "stop" });
    const deadline = setTimeout(() => void this.#worker.terminate(), STOP_DEADLINE_MS);
    await this.#exited.catch(() => undefined);
    clearTimeout(deadline);
  }

  get wasFenced(): boolean {
    return this.#wasFenced;
  }

  whatIsWrong(): string | null {
    if (this.#end !== null) return `it stopped: ${this.#end}`;
    return this.#troubles.lasting?.trouble ?? null;
  }

  updateMetrics(): void {
    const manager = this.name;
    const gap = this.#partitions.reduce((sum, { position, end }) => {
      return sum + Math.max(0, end - position);
    }, 0);
    processManagerGapEvents.set({ manager }, gap);
    processManagerOutboxCommands.set({ manager }, this.#outboxSize);
  }

  #hear(message: FromManager): void {
    const { logger } = this.#parts;
    const manager = this.name;
    switch (message.type) {
      case "started":
        this.#tellStarts(message.starts);
        this.#onStarted();
        return;
      case "submit":
        this.#submit(message);
        return;
      case "progress":
        this.#partitions = message.partitions;
        this.#outboxSize = message.outboxSize;
        return;
      case "trouble":
        this.#troubles.told(message.partition, message.trouble);
        // A store that is away must not keep commands from being taken.
        if (message.trouble !== null) this.#onStarted();
        return;
      case "warning":
        logger.warn({ manager, ...message.facts }, message.text);
        return;
      case "ended":
        this.#wasFenced = message.end.reason === "fenced";
        this.#finish(message.end.detail || message.end.reason);
        return;
    }
  }

  /** A store that was lost is nothing to pass over: what was due in it is not sent. */
  #tellStarts(starts: readonly Start[]): void {
    const late = starts.filter(({ reason }) => reason !== "new log");
    if (late.length === 0) return;
    const positions = Object.fromEntries(late.map((one) => [one.partition, one.position]));
    const facts = { manager: this.name, reason: late[0]?.reason, positions };
    this.#parts.logger.warn(facts, "a process manager had no store; it acts from here on");
  }

  #submit({ number, command, actor }: Extract<FromManager, { type: "submit" }>): void {
    this.#parts.door.submit(command, actor).then(
      (outcome) => this.#send({ type: "answer", number, outcome }),
      (error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        const outcome = { outcome: "failed", code: "INTERNAL", detail } as const;
        this.#send({ type: "answer", number, outcome });
      },
    );
  }

  #send(message: ToManager): void {
    this.#worker.postMessage(message);
  }

  /** Who waits for its start goes on: readiness says what is wrong. */
  #finish(end: string): void {
    this.#end ??= end;
    this.#onStarted();
  }
}
