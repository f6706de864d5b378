import { z } from "zod";
import { projectionNames, registeredProjection } from "../projections/registry.ts";
import type { Table, Value } from "../projections/runner/projection.ts";
import { type Explanation, explanation } from "../query-api/projections/explain-answer.ts";
import { exitCodes } from "./exit-codes.ts";
import { type Output, table as textTable } from "./output.ts";
import { openSession, type Session } from "./session.ts";
import { defineVerb, integerOption, usageFailure } from "./verb.ts";

const USUAL_LIMIT = 100;
const LARGEST_LIMIT = 100_000;
/** Events of one request, the most that the API gives. */
const PAGE_EVENTS = 500;
/** Of a value a line of text shows so many characters. */
const SHOWN_CHARACTERS = 60;

/** `portfolios: portfolios, closings …; risk: …` */
const tablesOfAll = projectionNames.map((name) => `${name}: ${tableNames(name).join(", ")}`);

export const explain = defineVerb({
  name: "explain",
  words: "<read-model> <key...>",
  summary: "The events that made a row of a read model, with what each changed and who did it",
  optionLines: [
    ["--table <table>", `else the read model's first: ${tablesOfAll.join("; ")}`],
    ["--limit <count>", `at most so many events; else ${USUAL_LIMIT}`],
  ],
  options: z.strictObject({
    table: z.string().optional(),
    limit: integerOption(1, LARGEST_LIMIT).default(USUAL_LIMIT),
  }),
  examples: [
    "cipherhorizon explain portfolios p-1",
    "cipherhorizon explain portfolios --table holdings p-1 BTC",
    "cipherhorizon explain risk --table versions p-1 --json",
  ],
  run: async ({ words, options, output, environment }) => {
    const row = rowOf(words, options.table);
    const session = await openSession({ output, environment });
    try {
      const found = await explained(session, row, options.limit);
      if (output.json) output.value(found);
      else print(found, row, output);
      return found.agrees === false ? exitCodes.refused : exitCodes.ok;
    } finally {
      await session.close();
    }
  },
});

interface NamedRow {
  readonly projection: string;
  readonly table: string;
  readonly key: readonly Value[];
}

function rowOf([name = "", ...words]: readonly string[], asked?: string): NamedRow {
  if (!projectionNames.includes(name)) {
    throw wrong(`there is no read model ${name}; there are ${projectionNames.join(", ")}`);
  }
  const names = tableNames(name);
  const table = asked ?? names[0] ?? "";
  const declared = registeredProjection(name).projection.tables[table];
  if (!names.includes(table) || declared === undefined) {
    throw wrong(`${name} has no table ${table}; it has ${names.join(", ")}`);
  }
  return { projection: name, table, key: keyOf(table, declared, words) };
}

function tableNames(name: string): readonly string[] {
  return Object.keys(registeredProjection(name).projection.tables);
}

function keyOf(name: string, table: Table, words: readonly string[]): readonly Value[] {
  const columns = Object.entries(table.key);
  const fits = columns.every(([, type], i) => type !== "integer" || isInteger(words[i]));
  if (words.length !== columns.length || !fits) {
    const wanted = columns.map(([column, type]) => `${column} (${type})`).join(", ");
    throw wrong(`a row of ${name} is found by ${wanted}, not by ${words.join(" ")}`);
  }
  return columns.map(([, type], i) => (type === "integer" ? Number(words[i]) : (words[i] ?? "")));
}

function isInteger(word: string | undefined): boolean {
  return word !== undefined && /^-?\d+$/.test(word) && Number.isSafeInteger(Number(word));
}

function wrong(error: string) {
  return usageFailure(error, "explain");
}

type Explained = Explanation & { readonly hasMore: boolean };

/** The pages together, as far as they are wanted. */
async function explained(
  session: Session,
  { projection, table, key }: NamedRow,
  limit: number,
): Promise<Explained> {
  const query = new URLSearchParams({ table, key: JSON.stringify(key) });
  const events: Explanation["events"] = [];
  const faults: Explanation["faults"][number][] = [];
  for (;;) {
    query.set("limit", String(Math.min(limit - events.length, PAGE_EVENTS)));
    const { data, nextCursor } = await session.query(
      `/v1/projections/${projection}/explain?${query}`,
    );
    const page = explanation.parse(data);
    events.push(...page.events);
    faults.push(...page.faults);
    const hasMore = nextCursor !== null;
    if (!hasMore || events.length >= limit) return { ...page, events, faults, hasMore };
    query.set("cursor", nextCursor);
  }
}

function print(found: Explained, { projection }: NamedRow, output: Output): void {
  const { table, key, partition, first, last } = found;
  output.line(
    `${table} ${JSON.stringify(key)} of ${projection}: ${partition} from ${first} to ${last}`,
  );
  output.line(textTable(HEADER, found.events.flatMap(linesOf(found))));
  for (const { position, stream, reason } of found.faults) {
    output.message(`${partition}@${position} of ${stream} cannot be projected: ${reason}`);
  }
  output.message(endingOf(found));
}

function endingOf({ hasMore, agrees, differs, events, row, last }: Explained): string {
  if (hasMore) return `There are more after these ${events.length} events: ask with --limit.`;
  if (agrees) return "The stored row is what its events make of it.";
  const stored = (differs ?? []).map((column) => `${column}: ${shown(row[column] ?? null)}`);
  return (
    `The stored row is NOT what its events make of it: it says that ${last} changed it last, and ` +
    `has ${stored.join(", ") || "nothing else"}.`
  );
}

const HEADER = ["recorded", "event", "command", "actor", "column", "before", "after"];

/** A line for each column that an event has changed, the first of them with the event. */
function linesOf({ events }: Explained) {
  return (event: Explanation["events"][number], i: number): string[][] => {
    const before = events[i - 1]?.row ?? null;
    const { position, aggregateId, sequence, type, recordedAt, commandId, actor, row } = event;
    const about = [recordedAt, `${type} ${aggregateId}#${sequence} @${position}`, commandId, actor];
    if (row === null) return [[...about, "deleted"]];
    const changes = event.changed.map((column) => {
      const old = before === null ? "" : shown(before[column] ?? null);
      return [column, old, shown(row[column] ?? null)];
    });
    const [first = ["nothing changed"], ...others] = changes;
    return [[...about, ...first], ...others.map((change) => ["", "", "", "", ...change])];
  };
}

function shown(value: Value): string {
  const text = value === null ? "–" : String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
