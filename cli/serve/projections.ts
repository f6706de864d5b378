import type { EventReader } from "../../platform/codec/codec.ts";
import type { Config } from "../../platform/config/config.ts";
import { ApiClient, ApiError } from "../../platform/http/client.ts";
import { readFolderLock } from "../../platform/lifecycle/folder-lock.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { startProjections } from "../../projections/main.ts";
import { projectionNames } from "../../projections/registry.ts";
import type { OperationsPort, OperationsRequest } from "../../projections/runner/operations.ts";
import type { GenerationStatus } from "../../projections/runner/supervisor.ts";
import { logPlace } from "../log-place.ts";
import { storePlace } from "../store-place.ts";
import { namedIn } from "./named-in.ts";
import type { StartedPart } from "./started-part.ts";

export interface ProjectionsParts {
  readonly config: Config;
  /** Of the projections that are fed here. */
  readonly names: readonly string[];
  readonly logger: Logger;
  readonly log: LogReader;
  readonly codec: EventReader;
  /** The command side of this process; `null`: it is another process, spoken to by HTTP. */
  readonly operations: OperationsPort | null;
}

/** The projectors as a part of this process. */
export function projectionsPart(parts: ProjectionsParts): StartedPart {
  const { config, logger, log, codec } = parts;
  const started = startProjections({
    names: parts.names,
    place: storePlace(config),
    logPlace: logPlace(config),
    log,
    codec,
    operations: parts.operations ?? remoteOperations(config),
    graceMs: config.generationGraceSeconds * 1_000,
    logger,
    clock: Date.now,
  });
  const stop = { name: "stop the projectors", timeoutMs: 10_000, run: () => started.stop() };
  return {
    routes: [],
    checks: [{ name: "projectors", check: () => whatIsWrong(started.status()) }],
    updateMetrics: () => started.updateMetrics(),
    beforeDrain: [],
    afterDrain: [stop],
  };
}

export function chosenProjections(wish: string): readonly string[] {
  return wish === "all" ? projectionNames : namedIn("CH_PROJECTIONS", wish, projectionNames);
}

/** A build that has stopped harms no reader; a live generation that has does. */
function whatIsWrong(all: readonly GenerationStatus[]): string | null {
  const live = all.filter(({ phase }) => phase === "live");
  const stopped = live.find(({ feeding }) => feeding === "stopped");
  if (stopped) return `${nameOf(stopped)} stopped: ${stopped.detail}`;
  const stuck = live.find(({ isStuck }) => isStuck);
  if (stuck) return `${nameOf(stuck)} is waiting to ${stuck.detail}`;
  const behind = live.find(({ feeding, caughtUp }) => isOurs(feeding) && !caughtUp);
  if (!behind) return null;
  return `${nameOf(behind)} is catching up ${behind.detail}`.trimEnd();
}

/** Not of another process, nor of other code: they are ready or not by themselves. */
function isOurs(feeding: GenerationStatus["feeding"]): boolean {
  return feeding !== "waiting" && feeding !== "not-fed";
}

function nameOf({ generation, projection }: GenerationStatus): string {
  return `generation ${generation} of ${projection}`;
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
      return send(new ApiClient({ url, apiKey: config.apiKey }), request);
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
