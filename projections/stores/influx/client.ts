import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { InfluxDB, type SendOptions } from "@influxdata/influxdb-client";
import { showConnections } from "../../../platform/telemetry/client-connections.ts";
import { errorOfInflux, errorOfStatement } from "./errors.ts";
import { boundRequest, type InfluxSeries, type InfluxStatement } from "./query.ts";

/** A request that has no answer by then is given up, and its connection closed. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Of a statement behind one that failed; the server gives it to the one that failed as well. */
const NOT_EXECUTED = "not executed";

export interface InfluxClientParts {
  /** `http://user:password@host:port`; of InfluxDB 2 `http://organization:token@host:port` */
  readonly url: string;
  /** At most so many requests at once; more wait. */
  readonly connections: number;
}

/**
 * Speaks `/write` and InfluxQL's `/query` through the client library's transport. Its `WriteApi` is
 * left alone: it swallows errors in the background, and a checkpoint must not move on a guess.
 */
export class InfluxClient {
  /** `host:port`, without the login. */
  readonly place: string;
  /** The user; of InfluxDB 2 the organization. */
  readonly user: string;
  readonly #password: string;
  readonly #database: InfluxDB;
  readonly #agent: HttpAgent;
  readonly #closing = new AbortController();
  readonly #hideConnections: () => void;

  constructor({ url, connections }: InfluxClientParts) {
    const { protocol, origin, host, username, password } = new URL(url);
    const options = { keepAlive: true, maxSockets: connections };
    this.#agent = protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
    this.place = host;
    this.user = decodeURIComponent(username);
    this.#password = decodeURIComponent(password);
    this.#database = new InfluxDB({
      url: origin,
      token: `${this.user}:${this.#password}`,
      timeout: ANSWER_TIMEOUT_MS,
      transportOptions: { agent: this.#agent },
    });
    this.#hideConnections = showConnections("influx", () => ({
      busy: countOf(this.#agent.sockets),
      idle: countOf(this.#agent.freeSockets),
      waiting: countOf(this.#agent.requests),
    }));
  }

  /** Resolves when the points are on the server's disk; times are in nanoseconds. */
  async write(database: string, lines: string): Promise<void> {
    const path = `/write?${new URLSearchParams({ db: database, precision: "ns" })}`;
    await this.#request(path, lines, { method: "POST" });
  }

  /** The series of each statement, in one journey to the server. */
  async query(
    database: string,
    statements: readonly InfluxStatement[],
  ): Promise<readonly (readonly InfluxSeries[])[]> {
    const results = await this.#results(database, statements);
    // In the place of what was wrong with the statement before: asked alone, it tells.
    const isHidden = statements.length > 1 && results.some(({ error }) => error === NOT_EXECUTED);
    if (isHidden) return this.#oneByOne(database, statements);
    return results.map(({ series = [], error }) => {
      if (error !== undefined) throw errorOfStatement(error, this.place);
      // A server without databases names none, and leaves the list of them out.
      return series.map(({ values = [], ...rest }) => ({ ...rest, values }));
    });
  }

  async #oneByOne(database: string, statements: readonly InfluxStatement[]) {
    const all: (readonly InfluxSeries[])[] = [];
    for (const statement of statements) all.push(...(await this.query(database, [statement])));
    return all;
  }

  async #results(
    database: string,
    statements: readonly InfluxStatement[],
  ): Promise<readonly StatementResult[]> {
    const path = `/query?${new URLSearchParams({ db: database })}`;
    const answer = await this.#request(path, boundRequest(statements), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    return (answer as { results: readonly StatementResult[] }).results;
  }

  /** A statement that has nothing to bind and is of no database, or names it. */
  async command(text: string): Promise<readonly InfluxSeries[]> {
    const [series = []] = await this.query("", [{ text, values: [] }]);
    return series;
  }

  /** Asks the API that only InfluxDB 2 has; it knows a token without a name before it. */
  async api(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
    const headers = { authorization: `Token ${this.#password}` };
    const text = body === undefined ? "" : JSON.stringify(body);
    return this.#request(`/api/v2${path}`, text, { method, headers });
  }

  /** The server's version as it names itself; null where it names none. */
  async version(): Promise<string | null> {
    let named: unknown;
    const options = { method: "GET", signal: this.#signal() };
    await this.#asked(() =>
      this.#database.transport.request("/ping", "", options, (headers) => {
        named = headers["x-influxdb-version"];
      }),
    );
    return typeof named === "string" && named !== "unknown" ? named : null;
  }

  /** Gives up the requests under way. */
  close(): void {
    this.#hideConnections();
    this.#closing.abort();
    this.#agent.destroy();
  }

  #request(path: string, body: string, options: SendOptions): Promise<unknown> {
    return this.#asked(() =>
      this.#database.transport.request(path, body, { ...options, signal: this.#signal() }),
    );
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw errorOfInflux(error, this.place);
    }
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  }
}

/** An agent keeps them by host. */
function countOf(byHost: Readonly<Record<string, readonly unknown[] | undefined>>): number {
  return Object.values(byHost).reduce((sum, all = []) => sum + all.length, 0);
}

interface StatementResult {
  readonly series?: readonly (Omit<InfluxSeries, "values"> & Partial<InfluxSeries>)[];
  readonly error?: string;
}
