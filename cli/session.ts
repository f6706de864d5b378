import { setTimeout as sleep } from "node:timers/promises";
import { type Config, readConfig } from "../platform/config/config.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { urlOf } from "../platform/http/server.ts";
import { type LockHolder, readFolderLock } from "../platform/lifecycle/folder-lock.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, toFailure } from "./failure.ts";
import type { EventOptions, ServerSentEvent } from "./http-client.ts";
import { createHttpSession } from "./http-session.ts";
import { expectLog, logPlace } from "./log-place.ts";
import type { Output } from "./output.ts";
import type { Problem } from "./problem-failure.ts";
import type { Environment } from "./verb.ts";

/** The answer to one line of `submit`, in the order of the lines. */
export type CommandResult = AcceptedResult | ({ readonly accepted: false } & Problem);

interface AcceptedResult {
  readonly accepted: true;
  readonly id: string;
  readonly version: number;
  /** Empty where there was nothing to add. */
  readonly events: readonly { readonly type: string }[];
  readonly consistencyToken: string;
}

/** An answer of the query API. */
export interface QueryAnswer {
  readonly data: unknown;
  readonly nextCursor: string | null;
}

interface QueryOptions {
  /** The answer must show what this token's command did; it is waited for. */
  readonly token?: string;
}

/** From where a feed's ticks are, as `POST /v1/market/ticks` takes it. */
interface Feed {
  readonly source: "live" | "backfill" | "snapshot";
  readonly feedSession?: string;
}

/** What became of the ticks of one request: the counts add up to the ticks sent. */
export interface TickCounts {
  readonly accepted: number;
  readonly duplicates: number;
  /** Older than what duplicates can still be told from. */
  readonly beyondHorizon: number;
  readonly rejected: number;
  readonly quarantined: number;
}

/** The first of those rejected, with why; `index` counts the ticks sent from 0. */
interface TickError {
  readonly index: number;
  readonly detail: string;
}

export interface TicksAnswer {
  readonly counts: TickCounts;
  readonly errors: readonly TickError[];
}

/**
 * The one way in which verbs speak to the platform: to the server that holds the data folder, or to
 * one started in this process for as long as the session is open.
 */
export interface Session {
  readonly address: string;
  /** True where the platform ends with this session. */
  readonly isEmbedded: boolean;
  /** Commands as lines of JSON (see `commandTexts`), answered line by line. */
  submit(lines: AsyncIterable<string>): AsyncGenerator<CommandResult>;
  /** All ticks of one file or feed as lines of JSON in one request: equal ticks without id are told
   *  apart by their number within it. */
  sendTicks(lines: AsyncIterable<string>, feed: Feed): Promise<TicksAnswer>;
  query(path: string, options?: QueryOptions): Promise<QueryAnswer>;
  follow(path: string, options: EventOptions): AsyncGenerator<ServerSentEvent>;
  close(): Promise<void>;
}

/** A server that has just taken the folder needs a moment to listen. */
const ADDRESS_LIMIT_MS = 30_000;
const ADDRESS_POLL_MS = 50;
/** Another process may take the folder between our look and our try. */
const OPEN_ATTEMPTS = 3;

export interface SessionParts {
  readonly environment: Environment;
  readonly output: Output;
  /** Where there is no platform yet, one is begun. */
  readonly mayBegin?: boolean;
}

export async function openSession(parts: SessionParts): Promise<Session> {
  const { environment, output, mayBegin = false } = parts;
  const config = readConfig(environment);
  if (config.commandUrl !== null) return remoteSession(config.commandUrl, config);
  for (let attempt = 1; ; attempt += 1) {
    const holder = readFolderLock(config.dataFolder);
    if (holder !== null) {
      const address = await addressOf(holder, config.dataFolder);
      output.message(`Speaking to the server at ${address} (process ${holder.pid}).`);
      return remoteSession(address, config);
    }
    if (!mayBegin) expectLog(logPlace(config));
    try {
      output.message(`No server holds ${config.dataFolder}: opening it in this process.`);
      return await embeddedSession(config);
    } catch (error) {
      const isTaken = error instanceof PlatformError && error.code === "FOLDER_LOCKED";
      if (!isTaken || attempt === OPEN_ATTEMPTS) throw error;
    }
  }
}

function remoteSession(address: string, { host, port, apiKey }: Config): Session {
  const queryAddress = urlOf(host, port);
  const close = async () => {};
  return createHttpSession({ address, queryAddress, apiKey, isEmbedded: false, close });
}

async function embeddedSession(config: Config): Promise<Session> {
  const { startEmbedded } = await import("./serve/embedded.ts");
  const { address, ownKey, close } = await startEmbedded(config).catch((error: unknown) => {
    if (error instanceof PlatformError) throw error;
    throw toFailure(error, `opening the data folder ${config.dataFolder}`);
  });
  const apiKey = config.apiKey ?? ownKey;
  return createHttpSession({ address, queryAddress: address, apiKey, isEmbedded: true, close });
}

/** Where the holder of the folder listens; waits while it is starting. */
async function addressOf(holder: LockHolder, folder: string): Promise<string> {
  const deadlineMs = performance.now() + ADDRESS_LIMIT_MS;
  let current: LockHolder | null = holder;
  while (current !== null && performance.now() < deadlineMs) {
    if (current.address !== null) return current.address;
    await sleep(ADDRESS_POLL_MS);
    current = readFolderLock(folder);
  }
  throw new Failure(exitCodes.unavailable, {
    failed: `the server of ${folder} cannot be reached`,
    error: `process ${holder.pid} holds the folder but says no address`,
    tried: `its lock file, for ${ADDRESS_LIMIT_MS / 1000} s`,
    todo: "see what that process does; stop it, or choose another folder with --data",
  });
}
