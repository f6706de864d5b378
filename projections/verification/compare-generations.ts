import { setImmediate as nextTurn } from "node:timers/promises";
import type { PartitionKey } from "../../platform/log/log.ts";
import type {
  GenerationVerificationFailed,
  GenerationVerified,
  TableDigest,
} from "../../schemas/generated/operations.ts";
import { DigestSum, rowHasher } from "../runner/digest.ts";
import type { Gates } from "../runner/gate.ts";
import type { Pace } from "../runner/pace.ts";
import type { Row, Table, Tables } from "../runner/projection.ts";
import type { Checkpoint, ReadStore } from "../runner/read-store.ts";
import { Differences } from "./differences.ts";
import { type Positions, positionsOf } from "./judge.ts";
import { compareParked, hasReleased, type ParkedComparison } from "./parked.ts";
import { PatientStore } from "./patient-store.ts";
import { type RowPair, rowPairs } from "./row-pairs.ts";
import { UnsettledRows } from "./unsettled-rows.ts";

export type ComparedStore = Pick<ReadStore, "rows" | "row" | "checkpoints">;

export interface ComparisonParts {
  readonly live: ComparedStore;
  readonly built: ComparedStore;
  /** Those compared, with the columns that are. */
  readonly tables: Tables;
  /** Of the feeders of the build, as far as they are in this thread. */
  readonly gates: Gates;
  /** By which it can be slowed. */
  readonly pace?: Pace;
  /** Told after every few rows: the table, and the rows of all tables read so far. */
  readonly onProgress?: (table: string, rows: number) => void;
  /** Nobody may feed the live one any more, which older code has built. */
  readonly mayStand: boolean;
  readonly signal: AbortSignal;
}

/** Which generations were compared, and by what: the record tells it besides. */
type Compared = "generation" | "against";
type Judged = "leftOut" | "codeVersion" | "schemaIds";

/** What a comparison has come to. `positions`: those up to which it was made. */
export type Comparison =
  | ({ readonly outcome: "equal" } & Omit<GenerationVerified, Compared | Judged>)
  | ({ readonly outcome: "different" } & Omit<GenerationVerificationFailed, Compared>)
  /** Rows changed all the time in partitions fed elsewhere, or by a release: try again. */
  | { readonly outcome: "unsettled"; readonly detail: string };

/** Enough to know that it is wrong. */
const MOST_DIFFERENCES = 1_000;
/** Rows that wait to be compared again; at so many they are, before the table is read on. */
const MOST_UNSETTLED = 5_000;
/** Others in this thread get their turn after so long. */
const TURN_MS = 5;

/**
 * Compares two generations row by row while both are fed, in bounded memory. Rows that both have
 * not changed since the positions go into the digests; rows that changed meanwhile are compared one
 * by one where both have passed them.
 */
export async function compareGenerations(asked: ComparisonParts): Promise<Comparison> {
  const { tables, signal } = asked;
  const live = new PatientStore(asked.live, tables, signal);
  const built = new PatientStore(asked.built, tables, signal);
  const parts = { ...asked, live, built };
  const [lives, builts] = await Promise.all([live.checkpoints(), built.checkpoints()]);
  requireSameLog(lives, builts);
  const at = lower(positionsOf(lives), positionsOf(builts));
  const differences = new Differences();
  const unsettled = new UnsettledRows(parts, differences);
  const digests: TableDigest[] = [];
  let rows = 0;
  for (const [name, table] of Object.entries(tables)) {
    const onRead = (read: number) => {
      rows += read;
      parts.onProgress?.(name, rows);
    };
    const compared = new TableComparison({ name, table, at, differences, unsettled, onRead });
    digests.push(await compared.run(parts));
    if (differences.count > MOST_DIFFERENCES) break;
  }
  const positions = Object.fromEntries(at);
  const [livesNow, buildsNow] = await Promise.all([live.checkpoints(), built.checkpoints()]);
  if (hasReleased(lives, livesNow) || hasReleased(builts, buildsNow)) {
    return { outcome: "unsettled", detail: "parked streams were released meanwhile" };
  }
  const parked = compareParked(livesNow, buildsNow);
  if (differences.count > 0 || parked.difference !== null) {
    return differing(positions, differences, parked);
  }
  if (unsettled.left > 0) return { outcome: "unsettled", detail: unsettled.detail };
  const { rechecked, held, beyond } = unsettled;
  const { parkedStreams } = parked;
  return { outcome: "equal", positions, tables: digests, rechecked, held, beyond, parkedStreams };
}

function differing(
  positions: Readonly<Record<string, number>>,
  { count, shown }: Differences,
  { difference }: ParkedComparison,
): Comparison {
  const rows =
    count > MOST_DIFFERENCES ? `more than ${MOST_DIFFERENCES} rows differ` : rowsText(count);
  const reason = [count > 0 ? rows : null, difference].filter((one) => one !== null).join("; ");
  return { outcome: "different", positions, differingRows: count, differences: shown, reason };
}

function rowsText(count: number): string {
  return count === 1 ? "1 row differs" : `${count} rows differ`;
}

/** Both have passed these. */
function lower(one: Positions, other: Positions): Positions {
  const partitions = new Set([...one.keys(), ...other.keys()]);
  return new Map(
    [...partitions].map((key) => [key, Math.min(one.get(key) ?? 0, other.get(key) ?? 0)]),
  );
}

function requireSameLog(...all: readonly ReadonlyMap<PartitionKey, Checkpoint>[]): void {
  const ids = new Set(all.flatMap((one) => [...one.values()].map(({ logId }) => logId)));
  if (ids.size > 1) throw new Error(`they are of different logs: ${[...ids].join(", ")}`);
}

/** One table of both generations, in key order. */
class TableComparison {
  readonly #name: string;
  readonly #table: Table;
  readonly #at: Positions;
  readonly #differences: Differences;
  readonly #unsettled: UnsettledRows;
  readonly #onRead: (rows: number) => void;
  readonly #hashOf: (row: Row) => string;
  /** Of rows that are equal in both. */
  readonly #sum = new DigestSum();

  constructor(parts: {
    readonly name: string;
    readonly table: Table;
    readonly at: Positions;
    readonly differences: Differences;
    readonly unsettled: UnsettledRows;
    readonly onRead: (rows: number) => void;
  }) {
    this.#name = parts.name;
    this.#table = parts.table;
    this.#at = parts.at;
    this.#differences = parts.differences;
    this.#unsettled = parts.unsettled;
    this.#onRead = parts.onRead;
    this.#hashOf = rowHasher(parts.name, parts.table);
  }

  async run({ live, built, pace, signal }: ComparisonParts): Promise<TableDigest> {
    const sides = { live: live.rows(this.#name), built: built.rows(this.#name) };
    let [read, turnMs] = [0, performance.now()];
    for await (const pair of rowPairs(this.#table, sides)) {
      this.#take(pair);
      read += 1;
      if (this.#differences.count > MOST_DIFFERENCES) break;
      if (this.#unsettled.waiting >= MOST_UNSETTLED) await this.#settle();
      if (performance.now() - turnMs < TURN_MS) continue;
      await nextTurn();
      await pace?.rest(performance.now() - turnMs, signal);
      signal.throwIfAborted();
      this.#onRead(read);
      [read, turnMs] = [0, performance.now()];
    }
    await this.#settle();
    return { table: this.#name, ...this.#sum.digest() };
  }

  #take(pair: RowPair): void {
    const { live, built } = pair;
    if (live === null || built === null) {
      this.#unsettled.add(pair);
      return;
    }
    const isOld = this.#isOld(live) && this.#isOld(built);
    const isOfOneEvent = live.partition === built.partition && live.position === built.position;
    if (!isOld && !isOfOneEvent) {
      this.#unsettled.add(pair);
      return;
    }
    const hash = this.#hashOf(live.row);
    const isEqual = areSame(live.row, built.row) || hash === this.#hashOf(built.row);
    if (!isOld) this.#unsettled.rechecked += 1;
    else if (isEqual) this.#sum.add(hash);
    if (!isEqual) this.#differences.add(this.#name, this.#table, pair);
  }

  /** Both generations have passed these positions: the row is as it was there. */
  #isOld({ partition, position }: { partition: PartitionKey; position: number }): boolean {
    return position < (this.#at.get(partition) ?? 0);
  }

  #settle(): Promise<void> {
    const isEqual = ({ live, built }: RowPair) => {
      return live !== null && built !== null && this.#hashOf(live.row) === this.#hashOf(built.row);
    };
    return this.#unsettled.settle({ name: this.#name, table: this.#table, isEqual });
  }
}

/** By every field as it was read; equal rows may be written differently, these are not. */
function areSame(one: Row, other: Row): boolean {
  for (const column in one) if (one[column] !== other[column]) return false;
  return Object.keys(one).length === Object.keys(other).length;
}
