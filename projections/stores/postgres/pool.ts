import { Pool, type PoolClient, type QueryResult } from "pg";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { showConnections } from "../../../platform/telemetry/client-connections.ts";
import type { SqlRow, SqlValue } from "../../runner/sql-row.ts";
import { errorOfPostgres } from "./errors.ts";
import { postgresTypes } from "./values.ts";

/** A server that takes no connection, or a pool that has none free, is given up on after this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** The server ends a statement that runs longer. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** The server ends a statement that waits longer for a lock. */
const LOCK_TIMEOUT_MS = 10_000;
/** The server ends a transaction whose client has gone quiet. */
const QUIET_TRANSACTION_TIMEOUT_MS = 60_000;
/** The client gives up on a server that has not even ended the statement; the connection goes. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
const IDLE_CONNECTION_MS = 30_000;
/** What was prepared for generations that are gone goes with the connection. */
const LONGEST_CONNECTION_SECONDS = 3_600;

export interface PostgresPoolParts {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Shown by the server in `pg_stat_activity`. */
  readonly name: string;
  /** At most so many at once. */
  readonly connections: number;
  /** Settings of the server for these connections: `{ jit: "off" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A statement with its values bound. A named one is prepared once per connection. */
export interface PostgresStatement {
  readonly text: string;
  readonly name?: string;
  readonly values?: readonly PostgresValue[];
}

/** An array becomes an array of the server's. */
export type PostgresValue = SqlValue | readonly SqlValue[];

/** One connection within a transaction. */
export interface PostgresSession {
  query(statement: PostgresStatement): Promise<readonly SqlRow[]>;
  /** Several statements at once, which have no values to bind; gives the rows of each. */
  script(text: string): Promise<readonly (readonly SqlRow[])[]>;
}

/** Connections to one server. Every call has a deadline, every error its name in the catalogue. */
export class PostgresPool {
  /** `host:port/database`, without the login. */
  readonly place: string;
  readonly #pool: Pool;
  readonly #hideConnections: () => void;

  constructor({ url, name, connections, settings = {} }: PostgresPoolParts) {
    this.place = placeOf(url);
    this.#pool = new Pool({
      connectionString: url,
      application_name: `cipherhorizon ${name}`,
      max: connections,
      types: postgresTypes,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: QUIET_TRANSACTION_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      maxLifetimeSeconds: LONGEST_CONNECTION_SECONDS,
      keepAlive: true,
      options: Object.entries(settings)
        .map(([setting, value]) => `-c ${setting}=${value}`)
        .join(" "),
    });
    // The pool replaces a connection that has broken; who uses one hears it from the query.
    this.#pool.on("error", ignoreBroken);
    this.#pool.on("connect", (client) => client.on("error", ignoreBroken));
    this.#hideConnections = showConnections("postgres", () => {
      const { totalCount, idleCount: idle, waitingCount: waiting } = this.#pool;
      return { busy: totalCount - idle, idle, waiting };
    });
  }

  /** How many wait for a connection. */
  get waiting(): number {
    return this.#pool.waitingCount;
  }

  async query(statement: PostgresStatement): Promise<readonly SqlRow[]> {
    return this.#connected((session) => session.query(statement));
  }

  /**
   * Runs `work` in the transaction that `begin` opens; `begun` are the rows of each of its
   * statements. Whatever `work` throws undoes all of it.
   */
  async transaction<T>(
    begin: string,
    work: (session: PostgresSession, begun: readonly (readonly SqlRow[])[]) => Promise<T>,
  ): Promise<T> {
    return this.#connected(async (session) => {
      try {
        const begun = await session.script(begin);
        const result = await work(session, begun);
        await session.query({ text: "COMMIT" });
        return result;
      } catch (error) {
        // A broken connection goes back to nobody, and the server undoes what it has begun.
        if (!isUnavailable(error)) await session.query({ text: "ROLLBACK" });
        throw error;
      }
    });
  }

  /** Waits for the queries under way. */
  async close(): Promise<void> {
    this.#hideConnections();
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #connected<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw errorOfPostgres(error, this.place);
    });
    let isBroken = false;
    try {
      return await work(new Session(client, this.place));
    } catch (error) {
      isBroken = isUnavailable(error);
      throw error;
    } finally {
      client.release(isBroken);
    }
  }
}

class Session implements PostgresSession {
  readonly #client: PoolClient;
  readonly #place: string;

  constructor(client: PoolClient, place: string) {
    this.#client = client;
    this.#place = place;
  }

  async query({ text, name, values = [] }: PostgresStatement): Promise<readonly SqlRow[]> {
    const named = name === undefined ? {} : { name };
    try {
      const { rows } = await this.#client.query<SqlRow>({ text, values: [...values], ...named });
      return rows;
    } catch (error) {
      throw errorOfPostgres(error, this.#place);
    }
  }

  async script(text: string): Promise<readonly (readonly SqlRow[])[]> {
    try {
      const results: unknown = await this.#client.query(text);
      const all = Array.isArray(results) ? results : [results];
      return all.map(({ rows }: QueryResult<SqlRow>) => rows);
    } catch (error) {
      throw errorOfPostgres(error, this.#place);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof PlatformError && error.code === "STORE_UNAVAILABLE";
}

function ignoreBroken(): void {}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === "" ? "5432" : port}${pathname}`;
}
