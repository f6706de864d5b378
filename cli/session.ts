import type { CommandLine } from "./command-line.ts";
import { createHttpClient, type EventOptions, type ServerSentEvent } from "./http-client.ts";
import type { TickInput } from "./import/read-ticks.ts";
import type { Problem } from "./problem-failure.ts";

/** The answer to one line of `submit`, in the order of the lines. */
export type CommandResult = AcceptedResult | ({ readonly accepted: false } & Problem);

export interface AcceptedResult {
  readonly accepted: true;
  readonly id: string;
  readonly version: number;
  readonly events: readonly { readonly type: string }[];
  readonly answer: Readonly<Record<string, unknown>>;
  readonly consistencyToken: string;
}

/** An answer of the query API. */
export interface QueryAnswer {
  readonly data: unknown;
  readonly nextCursor: string | null;
  /** The whole answer, with generation, position and lag. */
  readonly body: unknown;
}

export interface QueryOptions {
  /** The answer must show what this token's command did; waits for it. */
  readonly token?: string;
}

/**
 * The one way in which verbs speak to the platform: to the server that holds the data folder, or to
 * one started in this process for as long as the session is open.
 */
export interface Session {
  readonly address: string;
  submit(commands: AsyncIterable<CommandLine>): AsyncGenerator<CommandResult>;
  /** All ticks of one file or feed, as one request: equal ticks without id are told apart by it. */
  sendTicks(ticks: AsyncIterable<TickInput>, feed: Feed): Promise<TickCounts>;
  query(path: string, options?: QueryOptions): Promise<QueryAnswer>;
  follow(path: string, options: EventOptions): AsyncGenerator<ServerSentEvent>;
  close(): Promise<void>;
}

export interface Feed {
  readonly source: "live" | "backfill" | "snapshot";
  readonly feedSession?: string;
}

/** What became of the ticks of one request. */
export interface TickCounts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly quarantined: number;
}

/** Queries wait for their token at most so long. */
export const TOKEN_WAIT_SECONDS = 30;
