import { Redis } from "ioredis";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { within } from "../../../platform/lifecycle/within.ts";
import { showConnections } from "../../../platform/telemetry/client-connections.ts";
import { errorOfRedis, isNoScript } from "./errors.ts";
import type { RedisScript } from "./scripts.ts";

/** A server that takes no connection is given up on after this. */
const CONNECT_TIMEOUT_MS = 4_000;
/** The connection and the login together. */
const GREETING_TIMEOUT_MS = CONNECT_TIMEOUT_MS + 1_000;
/** A command without an answer is given up on, and its connection goes. */
const ANSWER_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

export interface RedisConnectionParts {
  /** `redis://user:password@host:port/database`, or `rediss:` with TLS. */
  readonly url: string;
  /** Shown by the server in `CLIENT LIST`. */
  readonly name: string;
}

export type RedisArgument = string | number;

/**
 * A connection to one server, which is made anew after it broke. Every call has a deadline, every
 * error its name in the catalogue. A call that failed may have been carried out nevertheless: what
 * is sent must be safe to repeat, and nothing is sent again by itself.
 */
export class RedisConnection {
  /** `host:port/database`, without the login. */
  readonly place: string;
  readonly #parts: RedisConnectionParts;
  #client: Redis | null = null;
  #connecting: Promise<Redis> | null = null;
  #closed = false;
  #underWay = 0;
  readonly #hideConnections: () => void;

  constructor(parts: RedisConnectionParts) {
    this.#parts = parts;
    this.place = placeOf(parts.url);
    this.#hideConnections = showConnections("redis", () => {
      const open = this.#client === null ? 0 : 1;
      const busy = Math.min(open, this.#underWay);
      return { busy, idle: open - busy, waiting: 0 };
    });
  }

  async call(command: string, ...values: readonly RedisArgument[]): Promise<unknown> {
    return this.#send(command, values);
  }

  /** The server forgets its scripts when it is started again; then it gets the text once more. */
  async script(
    { text, sha }: RedisScript,
    keys: readonly string[],
    values: readonly RedisArgument[],
  ): Promise<unknown> {
    const all = [keys.length, ...keys, ...values];
    try {
      return await this.#send("EVALSHA", [sha, ...all]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#send("EVAL", [text, ...all]);
    }
  }

  /** Calls under way are cut off. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#hideConnections();
    this.#drop(this.#client);
  }

  async #send(command: string, values: readonly RedisArgument[]): Promise<unknown> {
    const client = await this.#connected();
    this.#underWay += 1;
    try {
      return await client.call(command, [...values]);
    } catch (error) {
      if (isNoScript(error)) throw new UnknownScript("the server does not know the script");
      const named = errorOfRedis(error, this.place);
      // Whatever it answers now would be too late; the next call gets a connection of its own.
      if (isUnavailable(named) && !isAnswer(error)) this.#drop(client);
      throw named;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** All calls share one connection: the server answers them one after the other anyway. */
  #connected(): Promise<Redis> {
    if (this.#client?.status === "ready") return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Redis> {
    if (this.#closed) throw new Error(`the connection to Redis at ${this.place} was closed`);
    const client = new Redis(this.#parts.url, {
      lazyConnect: true,
      connectionName: `cipherhorizon ${this.#parts.name}`.replaceAll(" ", "-"),
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: ANSWER_TIMEOUT_MS,
      keepAlive: KEEP_ALIVE_MS,
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: null,
    });
    // A wrong password or database is only told so; the client would go on in another database.
    let refusal: unknown = null;
    client.on("error", (error) => {
      refusal ??= error;
    });
    try {
      await inTime(client.connect(), GREETING_TIMEOUT_MS);
      if (refusal !== null) throw refusal;
    } catch (error) {
      this.#drop(client);
      throw errorOfRedis(refusal ?? error, this.place);
    }
    this.#client = client;
    if (this.#closed) this.#drop(client);
    return client;
  }

  #drop(client: Redis | null): void {
    client?.disconnect();
    if (this.#client === client) this.#client = null;
  }
}

/** The client's own limit ends with the connection; a server may take one and say nothing. */
function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return within(limitMs, () => new Error(`no greeting within ${limitMs} ms`), work);
}

class UnknownScript extends Error {
  override readonly name = "UnknownScript";
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof UnknownScript;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof PlatformError && error.code === "STORE_UNAVAILABLE";
}

/** The server has answered, so that the connection is in order. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === "" ? "6379" : port}${pathname === "" ? "/" : pathname}`;
}
