import { setTimeout as sleep } from "node:timers/promises";
import { DataError } from "../../runner/read-store.ts";
import type { InfluxClient } from "./client.ts";
import { isDataErrorOfInflux, saidBy } from "./errors.ts";
import { shardsOf, type WrittenShards } from "./shards.ts";

/** Lines of one request. */
const MOST_LINES = 5_000;
/** And their characters: well below the 25 MB that the server takes by default. */
const MOST_CHARACTERS = 4_000_000;
/** Longer than the server takes from its look to the forgetting, on a machine that is busy. */
const FORGOTTEN_WITHIN_MS = 60;
/** As much of a refused line as its message shows. */
const SHOWN_CHARACTERS = 300;

/** Where lines go, and what is known of the shards there. */
export interface InfluxTarget {
  readonly client: Pick<InfluxClient, "write">;
  readonly database: string;
  readonly shards: WrittenShards;
}

/**
 * Writes the lines, each request after the one before; when it resolves they are on the disk. What
 * the server may forget is written twice: see `WrittenShards`.
 */
export async function writeLines(target: InfluxTarget, lines: readonly string[]): Promise<void> {
  const { shards } = target;
  const requests = [...requestsOf(lines)].map((its) => ({ lines: its, of: shardsOf(its) }));
  const again = requests.filter(({ of }) => shards.mayBeIdle(of, performance.now()));
  for (const request of requests) await writeRequest(target, request.lines);
  if (again.length > 0) await sleep(FORGOTTEN_WITHIN_MS);
  for (const request of again) await writeRequest(target, request.lines);
  for (const { of } of requests) shards.written(of, performance.now());
}

/** Writing a line again is harmless: it is the same point. */
async function writeRequest(target: InfluxTarget, lines: readonly string[]): Promise<void> {
  const { client, database } = target;
  try {
    await client.write(database, lines.join("\n"));
  } catch (error) {
    if (!isDataErrorOfInflux(error)) throw error;
    const [line = ""] = lines;
    if (lines.length === 1) throw refusedLine(line, error);
    const middle = lines.length >> 1;
    await writeRequest(target, lines.slice(0, middle));
    await writeRequest(target, lines.slice(middle));
  }
}

function refusedLine(line: string, cause: unknown): DataError {
  return new DataError(`${saidBy(cause)}: ${line.slice(0, SHOWN_CHARACTERS)}`, { cause });
}

function* requestsOf(lines: readonly string[]): Generator<readonly string[]> {
  let from = 0;
  let characters = 0;
  for (const [i, { length }] of lines.entries()) {
    const isFull = i - from >= MOST_LINES || characters + length > MOST_CHARACTERS;
    if (isFull && i > from) {
      yield lines.slice(from, i);
      from = i;
      characters = 0;
    }
    characters += length + 1;
  }
  if (from < lines.length) yield lines.slice(from);
}
