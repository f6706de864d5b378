import type { PartitionKey } from "../../platform/log/log.ts";
import { pause } from "../runner/pause.ts";
import type { Table } from "../runner/projection.ts";
import type { ComparedStore, ComparisonParts } from "./compare-generations.ts";
import type { Differences } from "./differences.ts";
import { type Judgement, judge, type Look, type Positions, positionsOf } from "./judge.ts";
import { keyOfPair, type RowPair } from "./row-pairs.ts";
import { type Key, rowsAt } from "./rows-at.ts";

/** Rounds before a partition of the build is held. */
const FREE_ROUNDS = 4;
const PAUSE_MS = 20;
/** Partitions that are held side by side: most of it is waiting for servers. */
const HELD_AT_ONCE = 4;
/** How long one generation is waited for until it has passed what was read of the other. */
const FOLLOWS_WITHIN_MS = 5_000;
/** The same where nobody may feed the live one any more. */
const FOLLOWS_SOON_MS = 500;
/** Rows of which none was settled for so long stay unsettled. */
const SETTLED_WITHIN_MS = 30_000;
/** A generation that has not moved for so long, and lags, is fed by nobody. */
const STANDS_AFTER_MS = 2_000;

/** What belongs to the table whose rows wait. */
interface Compared {
  readonly name: string;
  readonly table: Table;
  readonly isEqual: (pair: RowPair) => boolean;
}

const NOWHERE: Positions = new Map();

interface Looks {
  readonly live: readonly Look[];
  readonly built: readonly Look[];
}

/** Rows that changed while they were read; they are read again until both sides can be compared. */
export class UnsettledRows {
  readonly #parts: ComparisonParts;
  readonly #differences: Differences;
  #pairs: RowPair[] = [];
  rechecked = 0;
  held = 0;
  beyond = 0;
  /** Of all tables so far: rows that did not settle in time. */
  left = 0;
  detail = "";

  constructor(parts: ComparisonParts, differences: Differences) {
    this.#parts = parts;
    this.#differences = differences;
  }

  get waiting(): number {
    return this.#pairs.length;
  }

  add(pair: RowPair): void {
    this.#pairs.push(pair);
  }

  /** Compares what waits, all of one table. */
  async settle(compared: Compared): Promise<void> {
    const startedMs = performance.now();
    let movedMs = startedMs;
    const { signal, live } = this.#parts;
    const stood = this.#pairs.length > 0 ? positionsOf(await live.checkpoints()) : NOWHERE;
    for (let round = 0; this.#pairs.length > 0; round += 1) {
      signal.throwIfAborted();
      const before = this.#pairs.length;
      await this.#round(compared, round);
      const tookMs = performance.now() - startedMs;
      if (this.#parts.mayStand && (this.beyond > 0 || tookMs > STANDS_AFTER_MS)) {
        await this.#setAside(compared, stood);
      } else if (round >= FREE_ROUNDS) await this.#hold(compared);
      const nowMs = performance.now();
      if (this.#pairs.length < before) movedMs = nowMs;
      if (nowMs - movedMs > SETTLED_WITHIN_MS) return this.#giveUp(compared);
      if (this.#pairs.length > 0) await pause(PAUSE_MS, signal);
    }
  }

  /** Whichever side is read second has passed by then what the other had applied. */
  async #round(compared: Compared, round: number): Promise<void> {
    const { live, built } = this.#parts;
    const pairs = this.#pairs;
    const keys = pairs.map((pair) => keyOfPair(compared.table, pair));
    const [first, second] = round % 2 === 0 ? [live, built] : [built, live];
    const one = await look(first, compared, keys);
    await this.#passed(second, one[0]?.after ?? new Map());
    const other = await look(second, compared, keys);
    const looks = first === live ? { live: one, built: other } : { live: other, built: one };
    this.#judge(compared, pairs, looks);
  }

  #judge(compared: Compared, pairs: readonly RowPair[], { live, built }: Looks): void {
    this.#pairs = pairs.flatMap((pair, i) => {
      const looks = { live: live[i] as Look, built: built[i] as Look };
      const seen = { ...pair, live: looks.live.row, built: looks.built.row };
      return this.#settled(compared, seen, judge(looks, compared.isEqual));
    });
  }

  /**
   * Gives what is still to be settled of it. Where a store has no transactions, a deletion is seen
   * before the checkpoint has passed it: what is missing must be missed twice.
   */
  #settled(compared: Compared, pair: RowPair, judgement: Judgement): readonly RowPair[] {
    if (judgement === "unsettled") return [pair];
    const isMissed = pair.live === null || pair.built === null;
    if (judgement === "different" && isMissed && !pair.missed) return [{ ...pair, missed: true }];
    this.rechecked += 1;
    if (judgement === "different") this.#differences.add(compared.name, compared.table, pair);
    return [];
  }

  async #passed(store: ComparedStore, wanted: Positions): Promise<boolean> {
    const { signal, mayStand } = this.#parts;
    const deadlineMs = performance.now() + (mayStand ? FOLLOWS_SOON_MS : FOLLOWS_WITHIN_MS);
    for (;;) {
      const positions = positionsOf(await store.checkpoints());
      if ([...wanted].every(([key, next]) => (positions.get(key) ?? 0) >= next)) return true;
      if (performance.now() > deadlineMs || signal.aborted) return false;
      await pause(PAUSE_MS, signal);
    }
  }

  /**
   * What changes with every batch is compared where the build is made to stand: it is held behind
   * the live one, which nobody stops, and led to the very position of what was read there.
   */
  async #hold(compared: Compared): Promise<void> {
    const byPartition = [...Map.groupBy(this.#pairs, partitionOf)];
    const left: RowPair[] = [];
    for (let i = 0; i < byPartition.length; i += HELD_AT_ONCE) {
      const held = byPartition.slice(i, i + HELD_AT_ONCE);
      const compare = (one: (typeof held)[number]) => this.#holdPartition(compared, one);
      left.push(...(await Promise.all(held.map(compare))).flat());
    }
    this.#pairs = left;
  }

  /** Gives what is still to be settled. */
  async #holdPartition(
    compared: Compared,
    [partition, pairs]: readonly [PartitionKey, readonly RowPair[]],
  ): Promise<readonly RowPair[]> {
    const gate = this.#parts.gates.of(partition);
    try {
      const after = await this.#compareHeld(compared, partition, pairs);
      return pairs.flatMap((pair) => after.get(pair) ?? [pair]);
    } finally {
      gate.release();
    }
  }

  async #compareHeld(
    compared: Compared,
    partition: PartitionKey,
    pairs: readonly RowPair[],
  ): Promise<ReadonlyMap<RowPair, readonly RowPair[]>> {
    const { live, built, gates, signal } = this.#parts;
    const gate = gates.of(partition);
    const settled = new Map<RowPair, readonly RowPair[]>();
    const standsAt = await gate.hold(signal);
    if (standsAt === null) return settled;
    if (!(await this.#passed(live, new Map([[partition, standsAt]])))) return settled;
    const keys = pairs.map((pair) => keyOfPair(compared.table, pair));
    const looks = await look(live, compared, keys);
    const byPosition = Map.groupBy(pairs.keys(), (i) => meetingPoint(looks[i] as Look, partition));
    const meetings = [...byPosition].sort(([a], [b]) => (a ?? 0) - (b ?? 0));
    for (const [position, numbers] of meetings) {
      if (position === null || !(await gate.advance(position, signal))) continue;
      const rows = await rowsAt(built, compared.name, {
        table: compared.table,
        keys: numbers.map((i) => keys[i] as Key),
      });
      if (!gate.isHeld) break;
      numbers.forEach((i, at) => {
        const pair = pairs[i] as RowPair;
        const seen = { ...pair, live: (looks[i] as Look).row, built: rows[at] ?? null };
        const isSame = seen.live === null && seen.built === null;
        const judgement = isSame || compared.isEqual(seen) ? "equal" : "different";
        const left = this.#settled(compared, seen, judgement);
        if (left.length === 0) this.held += 1;
        settled.set(pair, left);
      });
    }
    return settled;
  }

  /**
   * Where nobody feeds the live one, it will never pass what is newer than its end. A row that the
   * build has not may have been deleted since, or be missing: that is taken for a difference.
   */
  async #setAside(compared: Compared, stood: Positions): Promise<void> {
    const stands = positionsOf(await this.#parts.live.checkpoints());
    const built = positionsOf(await this.#parts.built.checkpoints());
    this.#pairs = this.#pairs.flatMap((pair) => {
      const partition = partitionOf(pair);
      const standsAt = stands.get(partition) ?? 0;
      const isPast = (built.get(partition) ?? 0) >= standsAt;
      if (!isPast || standsAt !== (stood.get(partition) ?? 0)) return [pair];
      if (pair.built === null) return this.#settled(compared, pair, "different");
      if (pair.built.position < standsAt) return [pair];
      this.beyond += 1;
      return [];
    });
  }

  #giveUp({ name, table }: Compared): void {
    const [pair] = this.#pairs;
    this.left += this.#pairs.length;
    const key = pair === undefined ? "" : JSON.stringify(keyOfPair(table, pair));
    this.detail = `${this.left} rows did not stand still, ${name} ${key} among them`;
    this.#pairs = [];
  }
}

/** All keys, in their order, with the checkpoints around it. */
async function look(
  store: ComparedStore,
  { name, table }: Compared,
  keys: readonly Key[],
): Promise<readonly Look[]> {
  const before = positionsOf(await store.checkpoints());
  const rows = await rowsAt(store, name, { table, keys });
  const after = positionsOf(await store.checkpoints());
  return rows.map((row) => ({ row, before, after }));
}

/** A position at which the row is known to be as it was read. */
function meetingPoint({ row, before, after }: Look, partition: PartitionKey): number | null {
  const read = before.get(partition) ?? 0;
  if (row !== null) return Math.max(row.position + 1, read);
  return read === (after.get(partition) ?? 0) ? read : null;
}

function partitionOf({ live, built }: RowPair): PartitionKey {
  const partition = live?.partition ?? built?.partition;
  if (partition === undefined) throw new RangeError("a pair has a row on one side at least");
  return partition;
}
