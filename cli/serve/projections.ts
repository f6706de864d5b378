import type { EventReader } from "../../platform/codec/codec.ts";
import type { Config } from "../../platform/config/config.ts";
import { ApiClient, ApiError } from "../../platform/http/client.ts";
import { readFolderLock } from "../../platform/lifecycle/folder-lock.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import {
  projectionApplyDurationSeconds,
  projectionEventsTotal,
  projectionGapEvents,
  projectionLagSeconds,
  projectionParkedStreams,
  visibilityDurationSeconds,
} from "../../platform/telemetry/metrics.ts";
import { projections } from "../../projections/registry.ts";
import type { OperationsPort, OperationsRequest } from "../../projections/runner/operations.ts";
import {
  type GenerationStatus,
  Supervisor,
  type SupervisorParts,
} from "../../projections/runner/supervisor.ts";
import type { StartedPart } from "./platform.ts";

export interface ProjectionsParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly log: LogReader;
  readonly codec: EventReader;
  /** The command side of this process; `null`: it is another process, spoken to by HTTP. */
  readonly operations: OperationsPort | null;
}

/** Feeds every generation that the events of operations name. */
export function startProjections(parts: ProjectionsParts): StartedPart {
  const { config, logger, log, codec } = parts;
  const supervisor = new Supervisor({
    folder: config.dataFolder,
    log,
    codec,
    operations: parts.operations ?? remoteOperations(config),
    projections: projections.map(({ projection }) => projection),
    logger,
    clock: Date.now,
    onApplied: measureApplied,
  });
  const stop = { name: "stop the projectors", timeoutMs: 10_000, run: () => supervisor.stop() };
  return {
    routes: [],
    checks: [{ name: "projectors", check: () => whatIsWrong(supervisor.status()) }],
    updateMetrics: () => updateMetrics(supervisor.status(), Date.now()),
    beforeDrain: [],
    afterDrain: [stop],
  };
}

/** Rebuilding works in the background; only what serves readers counts for readiness. */
function whatIsWrong(all: readonly GenerationStatus[]): string | null {
  const stopped = all.find(({ phase, feeding }) => phase === "live" && feeding === "stopped");
  if (!stopped) return null;
  return `generation ${stopped.generation} of ${stopped.projection} stopped: ${stopped.detail}`;
}

const measureApplied: NonNullable<SupervisorParts["onApplied"]> = (fed, applied) => {
  const { projection } = fed;
  projectionEventsTotal.inc({ projection }, applied.events);
  projectionApplyDurationSeconds.observe({ projection }, applied.writeMs / 1000);
  // A rebuild makes old events readable again; only what follows the live end tells a delay.
  if (fed.phase !== "live" || !fed.caughtUp || applied.events === 0) return;
  const seconds = Math.max(0, Date.now() - applied.recordedAtMs) / 1000;
  visibilityDurationSeconds.observe({ projection }, seconds);
};

function updateMetrics(all: readonly GenerationStatus[], nowMs: number): void {
  for (const { projection, phase, partitions } of all) {
    if (phase !== "live") continue;
    const behind = partitions.filter(({ position, end }) => position < end);
    const gap = behind.reduce((sum, { position, end }) => sum + end - position, 0);
    const oldest = Math.min(nowMs, ...behind.map(({ recordedAtMs }) => recordedAtMs || nowMs));
    const parked = partitions.reduce((sum, one) => sum + one.parked.length, 0);
    projectionGapEvents.set({ projection }, gap);
    projectionLagSeconds.set({ projection }, (nowMs - oldest) / 1000);
    projectionParkedStreams.set({ projection }, parked);
  }
}

/** The command side at CH_COMMAND_URL, else the one that holds the data folder now. */
function remoteOperations(config: Config): OperationsPort {
  return {
    submit: async (request) => {
      const url = config.commandUrl ?? readFolderLock(config.dataFolder)?.address;
      if (!url) {
        const detail = `no command side holds ${config.dataFolder}; start one, or set CH_COMMAND_URL`;
        return { outcome: "failed", code: "NOT_READY", detail };
      }
      return send(new ApiClient({ url }), request);
    },
  };
}

async function send(client: ApiClient, request: OperationsRequest) {
  const { aggregateId, command, commandId, correlationId } = request;
  const name = command.type.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  try {
    await client.send({
      method: "POST",
      path: `/v1/projections/${encodeURIComponent(aggregateId)}/${name}`,
      headers: { "Idempotency-Key": commandId, "X-Correlation-Id": correlationId },
      body: command.data,
    });
    return { outcome: "accepted" } as const;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { outcome: "failed", code: error.code, detail: error.message } as const;
  }
}
