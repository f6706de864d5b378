import {
  type CommandSide,
  openCommandSide,
  type SnapshotSettings,
} from "../../command-side/main.ts";
import { aggregates } from "../../command-side/registry.ts";
import { snapshotTopics, topics } from "../../kafka-topics/topics.ts";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { Config } from "../../platform/config/config.ts";
import { loadCursorKey } from "../../platform/http/cursor-key.ts";
import type { Route } from "../../platform/http/route.ts";
import { type FolderLock, lockFolder } from "../../platform/lifecycle/folder-lock.ts";
import { runShutdown, type ShutdownStep } from "../../platform/lifecycle/shutdown.ts";
import type { LogReader } from "../../platform/log/log.ts";
import { openLogReading, openLogWriting } from "../../platform/log/places.ts";
import { traced } from "../../platform/log/traced-log.ts";
import { whenThere } from "../../platform/log/when-there.ts";
import { openSnapshots } from "../../platform/snapshots/open-snapshots.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { endTelemetry, startTracing } from "../../platform/telemetry/start-tracing.ts";
import { VERSION } from "../../platform/version.ts";
import { projectionNames } from "../../projections/registry.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { makeAsOfFolder } from "../../query-api/as-of/folder.ts";
import { startQueryApi } from "../../query-api/main.ts";
import { untilAborted } from "../interrupts.ts";
import { logPlace } from "../log-place.ts";
import { storePlace } from "../store-place.ts";
import { type ChosenStore, chooseStores, type Kept } from "./chosen-stores.ts";
import { openDoor } from "./door.ts";
import { openFeeders } from "./feeders.ts";
import { Front } from "./front.ts";
import { KafkaPeers } from "./kafka-peers.ts";
import { chosenManagers, processManagersPart } from "./process-managers.ts";
import { chosenProjections, projectionsPart } from "./projections.ts";
import { openReaders } from "./readers/open-readers.ts";
import { SharingCommandSide } from "./sharing-command-side.ts";
import type { StartedPart } from "./started-part.ts";

/** What one process may be; `serve all` is all three. Process managers run with the command side. */
export type Part = "command-side" | "projections" | "query-api";

export interface StartPlatform {
  readonly config: Config;
  readonly parts: readonly Part[];
  /** Names of those that the projectors feed; else what the configuration says. */
  readonly projections?: readonly string[];
  readonly logger: Logger;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Aborted: a start that waits for servers gives up. */
  readonly interrupted?: AbortSignal;
}

const NEVER = new AbortController().signal;

export interface Platform {
  readonly url: string;
  readonly routes: readonly Route[];
  /** For requests of this process to itself; null: no key is needed. */
  readonly ownKey: string | null;
  /** Where that stands which this process keeps or reads. */
  readonly stores: readonly ChosenStore[];
  /** What a stop does, in order. */
  readonly steps: readonly ShutdownStep[];
  /** True when every step went well. */
  stop(): Promise<boolean>;
}

/** The embedded platform's parts on one data folder, behind one HTTP server. */
export async function startPlatform(options: StartPlatform): Promise<Platform> {
  const ended: ShutdownStep[] = [];
  try {
    return await start(options, ended);
  } catch (error) {
    await runShutdown(ended.toReversed(), options.logger);
    throw error;
  }
}

/** `opened` tells what to close again when a later step fails. */
async function start(options: StartPlatform, opened: ShutdownStep[]): Promise<Platform> {
  const { config, parts, logger, port } = options;
  await openTelemetry(options, opened);
  const { door, ownKey, notes, close: closeDoor } = await openDoor(config, logger);
  opened.push(step("close the rate limits", closeDoor));
  const kept = keptBy(options);
  const stores = await chooseStores(storePlace(config), kept, logger);
  const lock = parts.includes("command-side") ? lockFolder(config.dataFolder) : null;
  if (lock !== null) opened.push(step("unlock the folder", () => lock.release()));
  const front = await Front.open({ config, logger, door, notes, port });
  try {
    const { routes, steps } = await startBehind(front, { ...options, lock }, opened);
    const stop = () => runShutdown(steps, logger);
    return { url: front.url, routes, stores, ownKey, steps, stop };
  } catch (error) {
    await front.close();
    throw error;
  }
}

interface StartBehind extends StartPlatform {
  readonly lock: FolderLock | null;
}

/** All that stands behind the server, which answers already. */
async function startBehind(
  front: Front,
  options: StartBehind,
  opened: ShutdownStep[],
): Promise<Pick<Platform, "routes" | "steps">> {
  const { config, parts, logger, lock, interrupted = NEVER } = options;
  const base = await openBase(front, options, opened);
  const { commandSide, peers } = base;
  const sharing =
    commandSide === null || peers === null
      ? null
      : new SharingCommandSide({ config, logger, commandSide, peers });
  const started: StartedPart[] = sharing === null ? [] : [sharing];
  if (sharing === null && commandSide !== null) {
    await commandSide.begin();
    // First to start and first to stop: it sends commands to the part after it.
    started.push(await processManagersPart({ config, logger, gateway: commandSide.gateway }));
    started.push(commandSidePart(commandSide));
  }
  if (parts.includes("query-api")) started.push(await queryApiPart(options, base));
  if (parts.includes("projections")) {
    const operations = sharing === null ? (commandSide?.gateway ?? null) : null;
    started.push(projectionsPart({ ...options, ...base, operations, names: fedBy(options) }));
  }
  opened.push(...started.flatMap(({ afterDrain }) => afterDrain).toReversed());
  const routes = front.serve(started, commandSide?.internalRoutes ?? []);
  lock?.publishAddress(front.url);
  const joining = sharing?.join(config.advertisedUrl ?? front.url);
  await Promise.race([joining, untilAborted(interrupted)]);
  const steps = [
    front.readinessOff,
    ...started.flatMap(({ beforeDrain }) => beforeDrain),
    front.drain,
    ...started.flatMap(({ afterDrain }) => afterDrain),
    ...base.steps,
  ];
  return { routes, steps };
}

/** Waits for servers that do not answer yet; `/readyz` and the process's log say so. */
async function openBase(
  front: Front,
  { config, parts, logger, interrupted: signal = NEVER }: StartPlatform,
  opened: ShutdownStep[],
): Promise<Base> {
  const onAway = (reason: string) => {
    front.startsWhen(`it waits for the log: ${reason}`);
    logger.warn({ reason, url: front.url }, "the log is not there; waiting for it");
  };
  return whenThere(logPlace(config), { signal, onAway }, async () => {
    const attempt: ShutdownStep[] = [];
    try {
      const opening = parts.includes("command-side")
        ? openToWrite(config, logger, attempt)
        : openToRead(config, attempt);
      const base = await opening;
      opened.push(...attempt);
      return { ...base, steps: opened.toReversed() };
    } catch (error) {
      await runShutdown(attempt.toReversed(), logger);
      throw error;
    }
  });
}

/** Whose read models this process writes or reads, and which process managers it runs. */
function keptBy(options: StartPlatform): Kept {
  const { parts, config } = options;
  return {
    projections: parts.includes("query-api") ? projectionNames : fedBy(options),
    processManagers: parts.includes("command-side") ? chosenManagers(config.processManagers) : [],
  };
}

function fedBy({ parts, config, projections }: StartPlatform): readonly string[] {
  if (!parts.includes("projections")) return [];
  return projections ?? chosenProjections(config.projections);
}

/** Before what starts threads, which are traced too, and closed after all of it. */
async function openTelemetry(options: StartPlatform, opened: ShutdownStep[]): Promise<void> {
  const { config, parts, logger } = options;
  const { otlpUrl: url, traceRatio: ratio } = config;
  opened.push(step("flush telemetry", endTelemetry));
  if (url === null) return;
  const [part = "", ...others] = parts;
  const service = others.length > 0 ? "cipherhorizon" : `cipherhorizon-${part}`;
  await startTracing({ url, ratio, service, version: VERSION }, logger);
}

interface Opened {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly commandSide: CommandSide | null;
  /** The other command sides on the same Kafka. */
  readonly peers: KafkaPeers | null;
}

/** With what closes it, and what was opened before it. */
interface Base extends Opened {
  readonly steps: readonly ShutdownStep[];
}

async function openToWrite(
  config: Config,
  logger: Logger,
  opened: ShutdownStep[],
): Promise<Opened> {
  const place = logPlace(config);
  const { log: untraced, codec, close } = await openLogWriting(place, topics);
  const log = traced(untraced, place.kafka === null ? "sqlite" : "kafka");
  opened.push(step("close the log", close));
  const snapshots = await openSnapshotsOf(config, opened);
  const peers = peersOf(config, logger);
  const commandSide = await openCommandSide({
    log,
    codec,
    logger,
    clock: Date.now,
    ...(peers === null ? {} : { peers }),
    ...(snapshots === null ? {} : { snapshots }),
  });
  return { log, codec, commandSide, peers };
}

/** Null: the configuration wants none. */
async function openSnapshotsOf(
  config: Config,
  opened: ShutdownStep[],
): Promise<SnapshotSettings | null> {
  const { snapshotEvents: everyEvents } = config;
  if (everyEvents === 0) return null;
  const store = await openSnapshots(logPlace(config), topics, snapshotTopics);
  opened.push(step("close the snapshots", () => store.close()));
  return { store, everyEvents };
}

async function openToRead(config: Config, opened: ShutdownStep[]): Promise<Opened> {
  const { log, codec, close } = await openLogReading(logPlace(config));
  opened.push(step("close the log", close));
  return { log, codec, commandSide: null, peers: null };
}

function peersOf(config: Config, logger: Logger): KafkaPeers | null {
  const { kafka } = logPlace(config);
  if (kafka === null) return null;
  return new KafkaPeers({ kafka, topics: aggregates.map(({ topic }) => topic), logger });
}

function commandSidePart(commandSide: CommandSide): StartedPart {
  return {
    routes: commandSide.routes,
    checks: commandSide.checks,
    updateMetrics: () => commandSide.updateMetrics(),
    beforeDrain: [],
    afterDrain: [step("finish the group commits", () => commandSide.stop())],
  };
}

async function queryApiPart(
  { config, logger }: StartPlatform,
  { log, codec }: Base,
): Promise<StartedPart> {
  const { dataFolder, cursorSecret } = config;
  const place = storePlace(config);
  const { readers, close } = await openReaders(place);
  const folder = makeAsOfFolder(dataFolder);
  const past = await openReaders({ ...place, folder: folder.path, servers: NO_SERVERS });
  const queryApi = startQueryApi({
    log,
    codec,
    logger,
    clock: Date.now,
    cursorKey: loadCursorKey(dataFolder, cursorSecret),
    readers,
    openRows: (name, generation) => openStore(place, name, generation),
    feeders: openFeeders(place, logPlace(config).kafka, logger),
    asOf: {
      folder: folder.path,
      logPlace: logPlace(config),
      readers: past.readers,
      recordsLimit: config.asOfRecords,
    },
  });
  return {
    routes: queryApi.routes,
    checks: queryApi.checks,
    beforeDrain: [step("end live streams", () => queryApi.endStreams())],
    afterDrain: [
      step("close the read models", async () => {
        await queryApi.stop();
        await close();
        folder.remove();
      }),
    ],
  };
}

/** Each step has its own deadline: one that hangs must not keep the others from running. */
const STEP_TIMEOUT_MILLISECONDS = 10_000;

function step(name: string, run: () => void | Promise<void>): ShutdownStep {
  return { name, timeoutMs: STEP_TIMEOUT_MILLISECONDS, run };
}
