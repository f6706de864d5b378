import type { InfluxClient } from "./influx-client.ts";
import { isDataErrorOfInflux, saidBy } from "./influx-errors.ts";
import { DataError } from "./read-store.ts";

/** Lines of one request. */
const MOST_LINES = 5_000;
/** And their characters: well below the 25 MB that the server takes by default. */
const MOST_CHARACTERS = 4_000_000;
/** As much of a refused line as its message shows. */
const SHOWN_CHARACTERS = 300;

/** Writes the lines, each request after the one before; when it resolves they are on the disk. */
export async function writeLines(
  client: InfluxClient,
  database: string,
  lines: readonly string[],
): Promise<void> {
  for (const request of requestsOf(lines)) await writeRequest(client, database, request);
}

/** Writing a line again is harmless: it is the same point. */
async function writeRequest(
  client: InfluxClient,
  database: string,
  lines: readonly string[],
): Promise<void> {
  try {
    await client.write(database, lines.join("\n"));
  } catch (error) {
    if (!isDataErrorOfInflux(error)) throw error;
    const [line = ""] = lines;
    if (lines.length === 1) throw refusedLine(line, error);
    const middle = lines.length >> 1;
    await writeRequest(client, database, lines.slice(0, middle));
    await writeRequest(client, database, lines.slice(middle));
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
