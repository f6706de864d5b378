import neo4j, { type Driver, type ManagedTransaction, type Session } from "neo4j-driver";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { showConnections } from "../../../platform/telemetry/client-connections.ts";
import type { SqlRow } from "../../runner/sql-row.ts";
import { errorOfNeo4j } from "./errors.ts";

/** A server that takes no connection is given up on after this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** So is a pool that has no connection free. */
const ACQUIRE_TIMEOUT_MS = 10_000;
/** The server ends a transaction that takes longer, waiting for locks included. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** So long a transaction is begun again after an error that passes: a deadlock, a lost connection. */
const RETRY_FOR_MS = 5_000;
/** We give up on a server that has not even ended the transaction; its connections go. */
const ANSWER_TIMEOUT_MS = RETRY_FOR_MS + TRANSACTION_TIMEOUT_MS + 5_000;
const LONGEST_CONNECTION_MS = 3_600_000;
const DEFAULT_PORT = "7687";
const DEFAULT_DATABASE = "neo4j";

export interface Neo4jPoolParts {
  /** `bolt://user:password@host:port`, with `/database` where that is not `neo4j`. */
  readonly url: string;
  /** Shown by the server in `SHOW TRANSACTIONS`. */
  readonly name: string;
  /** At most so many at once. */
  readonly connections: number;
  /** A shorter one is for tests of a server that has gone silent. */
  readonly answerTimeoutMs?: number;
}

/** A list or a map becomes one of the server's; a whole number must be `neo4j.int`'s. */
export type Neo4jValues = Readonly<Record<string, unknown>>;

/** One transaction. What is asked before an answer has come travels together. */
export interface Neo4jSession {
  run(text: string, values?: Neo4jValues): Promise<readonly SqlRow[]>;
}

/** Connections to one server. Every call has a deadline, every error its name in the catalogue. */
export class Neo4jPool {
  /** `host:port/database`, without the login. */
  readonly place: string;
  readonly #parts: Neo4jPoolParts;
  readonly #database: string;
  #driver: Driver | null = null;
  #underWay = 0;
  readonly #hideConnections: () => void;

  constructor(parts: Neo4jPoolParts) {
    const { host, database } = addressOf(parts.url);
    this.#parts = parts;
    this.#database = database;
    this.place = `${host}/${database}`;
    // The driver tells nothing of its pool: each session under way has a connection or waits.
    this.#hideConnections = showConnections("neo4j", () => {
      const busy = Math.min(parts.connections, this.#underWay);
      return { busy, idle: 0, waiting: this.#underWay - busy };
    });
  }

  /**
   * Runs `work` in a transaction, and again in a new one after an error that passes: a commit whose
   * outcome is unknown may thus come twice, so what it writes must stand under a claim. Whatever
   * else `work` throws undoes all of it.
   */
  transaction<T>(work: (session: Neo4jSession) => Promise<T>): Promise<T> {
    return this.#withSession((session) => {
      return session.executeWrite((one) => work(sessionOf(one)), this.#transactionConfig());
    });
  }

  /**
   * As `transaction`, for who only looks, though it may lock: whatever it has set is undone, so
   * that its locks are not held until a commit is on the disk.
   */
  async look<T>(work: (session: Neo4jSession) => Promise<T>): Promise<T> {
    let seen: { readonly result: T } | null = null;
    const undone = new Error("looked");
    try {
      return await this.transaction(async (session) => {
        seen = { result: await work(session) };
        throw undone;
      });
    } catch (error) {
      if (error === undone && seen !== null) return (seen as { readonly result: T }).result;
      throw error;
    }
  }

  /** One statement, once, outside of a transaction of ours: as `CALL … IN TRANSACTIONS` wants it. */
  command(text: string, values: Neo4jValues = {}): Promise<readonly SqlRow[]> {
    return this.#withSession(async (session) => {
      return rowsOf(await session.run(text, values, this.#transactionConfig()));
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#hideConnections();
    const driver = this.#driver;
    this.#driver = null;
    await driver?.close();
  }

  #transactionConfig() {
    const metadata = { application: `cipherhorizon ${this.#parts.name}` };
    return { timeout: TRANSACTION_TIMEOUT_MS, metadata };
  }

  async #withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.#driver ??= openDriver(this.#parts);
    const driver = this.#driver;
    const session = driver.session({ database: this.#database });
    this.#underWay += 1;
    try {
      const result = await this.#inTime(driver, work(session));
      await session.close();
      return result;
    } catch (error) {
      // A session that has failed may have nothing to close on; its connection is looked after.
      session.close().catch(() => undefined);
      throw errorOfNeo4j(error, this.place);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** The driver itself waits for an answer for ever; only a new one has connections that live. */
  async #inTime<T>(driver: Driver, working: Promise<T>): Promise<T> {
    const { answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (this.#driver === driver) this.#driver = null;
        driver.close().catch(() => undefined);
        reject(silent(this.place, answerTimeoutMs));
      }, answerTimeoutMs);
    });
    try {
      return await Promise.race([working, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function openDriver({ url, connections }: Neo4jPoolParts): Driver {
  const { scheme, host, user, password } = addressOf(url);
  return neo4j.driver(`${scheme}//${host}`, neo4j.auth.basic(user, password), {
    // Every integer of ours is within 2^53, so that a number holds it.
    disableLosslessIntegers: true,
    maxConnectionPoolSize: connections,
    maxConnectionLifetime: LONGEST_CONNECTION_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    connectionAcquisitionTimeout: ACQUIRE_TIMEOUT_MS,
    maxTransactionRetryTime: RETRY_FOR_MS,
    notificationFilter: { minimumSeverityLevel: "OFF" },
    telemetryDisabled: true,
    userAgent: "cipherhorizon",
  });
}

function sessionOf(transaction: ManagedTransaction): Neo4jSession {
  return { run: async (text, values = {}) => rowsOf(await transaction.run(text, values)) };
}

function rowsOf({ records }: { readonly records: readonly { toObject(): object }[] }): SqlRow[] {
  return records.map((record) => record.toObject() as SqlRow);
}

function silent(place: string, timeoutMs: number): PlatformError {
  const detail = `Neo4j at ${place}: no answer within ${timeoutMs / 1_000} s`;
  return new PlatformError("STORE_UNAVAILABLE", detail);
}

function addressOf(url: string) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    scheme: protocol,
    host: `${hostname}:${port === "" ? DEFAULT_PORT : port}`,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1) || DEFAULT_DATABASE,
  };
}
