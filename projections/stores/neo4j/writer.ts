import neo4j from "neo4j-driver";
import { type Batch, DataError, type PositionedChange } from "../../runner/read-store.ts";
import { keyValues } from "../../runner/stored-table.ts";
import type { PlacedRelationships, PlacedTable } from "./graph.ts";
import type { Neo4jSession } from "./pool.ts";
import { textOf } from "./query.ts";
import { boundValue, deleteCypher, endsCypher, nothingOf, upsertCypher } from "./table.ts";

/** Rows of one statement: beyond this the server's memory grows, and the speed does not. */
const ROWS_PER_STATEMENT = 5_000;

interface Statement {
  readonly text: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The statements that write the changes of a batch; the caller holds transaction and claim. */
export class Neo4jWriter {
  readonly #tables: ReadonlyMap<string, TableTexts>;

  constructor(generation: string, tables: readonly PlacedTable[]) {
    this.#tables = new Map(tables.map((placed) => [placed.name, textsOf(generation, placed)]));
  }

  /** Throws DataError where a change cannot be written; nothing was sent then. */
  statements({ changes, partition }: Batch): Statement[] {
    const byTable = Map.groupBy(changes, ({ table }) => table);
    return [...byTable].flatMap(([name, all]) => {
      const texts = this.#tables.get(name);
      if (texts === undefined) throw new DataError(`the read model has no table ${name}`);
      return statementsOf(texts, partition, all);
    });
  }
}

/** All travel together; the server takes them one after the other. */
export async function runAll(
  session: Neo4jSession,
  statements: readonly Statement[],
): Promise<void> {
  await Promise.all(statements.map(({ text, values }) => session.run(text, values)));
}

interface TableTexts {
  readonly placed: PlacedTable;
  readonly upsert: string;
  readonly remove: string;
  /** By which the nodes at both ends are made; none of a table of nodes. */
  readonly ends: readonly string[];
}

function textsOf(generation: string, placed: PlacedTable): TableTexts {
  const ends = "relationships" in placed ? endsOf(placed).map(endsCypher) : [];
  return {
    placed,
    upsert: textOf(upsertCypher(placed), generation),
    remove: textOf(deleteCypher(placed), generation),
    ends: ends.map((text) => textOf(text, generation)),
  };
}

function endsOf({ relationships: { from, to } }: PlacedRelationships) {
  return [from, to];
}

function statementsOf(
  { placed, upsert, remove, ends }: TableTexts,
  partition: string,
  changes: readonly PositionedChange[],
): Statement[] {
  const rows: WrittenRow[] = [];
  const keys: unknown[][] = [];
  for (const change of changes) {
    if (change.deleted) keys.push(keyOfRow(placed, change));
    else rows.push(writtenRow(placed, partition, change));
  }
  return [
    ...ends.flatMap((text, end) => pieces(text, "keys", distinctEnds(rows, end))),
    ...pieces(upsert, "rows", rows),
    ...pieces(remove, "keys", keys, { nothing: nothingOf(placed) }),
  ];
}

interface WrittenRow {
  readonly key: readonly unknown[];
  readonly set: Readonly<Record<string, unknown>>;
  /** Where the row began, if none is there. */
  readonly first: unknown;
}

function writtenRow(
  placed: PlacedTable,
  partition: string,
  { row, position, first = position, begins }: PositionedChange,
): WrittenRow {
  const { columns, keyColumns } = placed;
  const set: Record<string, unknown> = {};
  for (let i = keyColumns.length; i < columns.length; i += 1) {
    const column = columns[i] as string;
    set[column] = boundValue(row[column], placed, i);
  }
  set[placed.partition] = partition;
  set[placed.position] = neo4j.int(position);
  if (begins) set[placed.first] = neo4j.int(first);
  return { key: keyOfRow(placed, { row }), set, first: neo4j.int(first) };
}

function keyOfRow(placed: PlacedTable, { row }: Pick<PositionedChange, "row">): unknown[] {
  return keyValues(placed, row).map((value, i) => {
    if (value === null) throw new DataError(`${placed.name}.${placed.keyColumns[i]} is null`);
    return boundValue(value, placed, i);
  });
}

/** Rows are sorted by key, so the first end's come in order; the second's are put in order. */
function distinctEnds(rows: readonly WrittenRow[], end: number): unknown[] {
  const byText = new Map(rows.map(({ key }) => [String(key[end]), key[end]]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

function pieces(
  text: string,
  name: "rows" | "keys",
  all: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): Statement[] {
  const statements: Statement[] = [];
  for (let from = 0; from < all.length; from += ROWS_PER_STATEMENT) {
    const piece = all.slice(from, from + ROWS_PER_STATEMENT);
    statements.push({ text, values: { ...more, [name]: piece } });
  }
  return statements;
}
