import { createRandom, type Random } from "../../../cli/demo/random.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { compact, type EventChanges } from "../../../projections/runner/compact.ts";
import { compareKeys, keyOf } from "../../../projections/runner/key-order.ts";
import type { Change, Row, Table, Tables } from "../../../projections/runner/projection.ts";
import type {
  Batch,
  ReadStore,
  RowOrigin,
  StoredRow,
} from "../../../projections/runner/read-store.ts";

/** A read model with a column of every type, a key of two types, and a table of each kind. */
export const tables = {
  accounts: {
    key: { owner: "text", number: "integer" },
    columns: {
      name: "text",
      count: "integer",
      balance: "decimal",
      ratio: "double",
      open: "boolean",
      document: "json",
    },
  },
  entries: {
    key: { stream: "text", sequence: "integer" },
    columns: { amount: "decimal" },
    immutable: true,
  },
} as const satisfies Tables;

export const projection = { name: "sample", version: 1, tables };

export const PARTITION: PartitionKey = "sample.events/0";
export const OTHER_PARTITION: PartitionKey = "sample.events/1";
export const LOG_ID = "0192aa00-0000-7000-8000-000000000001";

/** Owners whose order by UTF-16 units differs from that by code points. */
const OWNERS = ["", "a", "Zoë", "ab", "\u{e000}", "\u{1f600}", "ä"];
const TEXTS = ["", "plain", 'O\'Hara "quoted"', "line\nbreak", "日本", "\\"];
const BALANCES = ["0", "-1.5", "0.000000000000000001", "99999999999999999999.999999999999999999"];

/** The changes of `count` events: upserts, deletions and immutable rows on few, hot keys. */
export function sampleEvents(seed: number, count: number): readonly EventChanges[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, position) => {
    const changes: Change[] = Array.from({ length: random.integer(0, 3) }, () =>
      randomChange(random),
    );
    changes.push({
      table: "entries",
      row: { stream: pick(random, OWNERS), sequence: position, amount: pick(random, BALANCES) },
    });
    return { position, changes };
  });
}

function randomChange(random: Random): Change {
  const key = { owner: pick(random, OWNERS), number: random.integer(-2, 2) };
  if (random.integer(0, 4) === 0) return { table: "accounts", row: key, deleted: true };
  const isBare = random.integer(0, 5) === 0;
  return { table: "accounts", row: { ...key, ...(isBare ? NOTHING : columns(random)) } };
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(0, values.length - 1)] as T;
}

const NOTHING = { name: null, count: null, balance: null, ratio: null, open: null, document: null };

function columns(random: Random): Row {
  return {
    name: pick(random, TEXTS),
    count: pick(random, [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]),
    balance: pick(random, BALANCES),
    ratio: pick(random, [0.1, -1e300, 5e-324, 3]),
    open: pick(random, [true, false]),
    document: JSON.stringify({ text: pick(random, [...TEXTS, "nul\u0000inside"]) }),
  };
}

/** A batch as the runner would make it of some consecutive events. */
export function batchOf(events: readonly EventChanges[], more: Partial<Batch> = {}): Batch {
  const expected = events[0]?.position ?? 0;
  const next = (events.at(-1)?.position ?? -1) + 1;
  return {
    partition: PARTITION,
    expected,
    next,
    epoch: 1,
    highestClaim: -1,
    recordedAtMs: 1_700_000_000_000 + next,
    changes: compact(tables, events),
    parked: [],
    released: [],
    causes: new Map(),
    ...more,
  };
}

/** What must stand in the store after `events`: computed here, by nothing of the store's. */
export function rowsAfter(
  table: keyof typeof tables,
  events: readonly EventChanges[],
  partition: PartitionKey = PARTITION,
): StoredRow[] {
  return originsAfter(table, events, partition).map(({ first: _, ...stored }) => stored);
}

/** The same, with where each row began. */
export function originsAfter(
  table: keyof typeof tables,
  events: readonly EventChanges[],
  partition: PartitionKey = PARTITION,
): RowOrigin[] {
  const declared: Table = tables[table];
  const rows = new Map<string, RowOrigin>();
  for (const { position, changes } of events) {
    for (const change of changes) {
      if (change.table !== table) continue;
      const key = JSON.stringify(keyOf(declared, change.row));
      const first = rows.get(key)?.first ?? position;
      if (change.deleted) rows.delete(key);
      else rows.set(key, { row: change.row, partition, position, first });
    }
  }
  return [...rows.values()].sort((a, b) => {
    return compareKeys(keyOf(declared, a.row), keyOf(declared, b.row));
  });
}

export function readRows(store: ReadStore, table: keyof typeof tables): Promise<StoredRow[]> {
  return Array.fromAsync(store.rows(table));
}

/** Both tables, as one value to compare. */
export async function allRows(store: ReadStore): Promise<Record<string, StoredRow[]>> {
  return { accounts: await readRows(store, "accounts"), entries: await readRows(store, "entries") };
}

export function allRowsAfter(events: readonly EventChanges[]): Record<string, StoredRow[]> {
  return { accounts: rowsAfter("accounts", events), entries: rowsAfter("entries", events) };
}

/** Rows of accounts with where they began, each asked for by its key; there are few of them. */
export async function readOrigins(store: ReadStore): Promise<(RowOrigin | null)[]> {
  const rows = await readRows(store, "accounts");
  const keys = rows.map(({ row }) => keyOf(tables.accounts, row));
  return Promise.all(keys.map((key) => store.row("accounts", key)));
}
