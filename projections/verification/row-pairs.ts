import { keyOf, rowComparer } from "../runner/key-order.ts";
import type { Table } from "../runner/projection.ts";
import type { StoredRow } from "../runner/read-store.ts";

/** The rows of one key in both generations; at least one has it. */
export interface RowPair {
  readonly live: StoredRow | null;
  readonly built: StoredRow | null;
  /** It was missed on one side once already. */
  readonly missed?: true;
}

/** Both sides are in key order; so are the pairs. */
export async function* rowPairs(
  table: Table,
  sides: { readonly live: AsyncIterable<StoredRow>; readonly built: AsyncIterable<StoredRow> },
): AsyncGenerator<RowPair> {
  const compareRows = rowComparer(table);
  const lives = sides.live[Symbol.asyncIterator]();
  const builts = sides.built[Symbol.asyncIterator]();
  try {
    let [live, built] = await Promise.all([next(lives), next(builts)]);
    while (live !== null || built !== null) {
      const order = orderOf(live, built, compareRows);
      yield { live: order <= 0 ? live : null, built: order >= 0 ? built : null };
      [live, built] = await Promise.all([
        order <= 0 ? next(lives) : live,
        order >= 0 ? next(builts) : built,
      ]);
    }
  } finally {
    await lives.return?.();
    await builts.return?.();
  }
}

function orderOf(
  live: StoredRow | null,
  built: StoredRow | null,
  compareRows: ReturnType<typeof rowComparer>,
): number {
  if (live === null) return 1;
  return built === null ? -1 : compareRows(live.row, built.row);
}

async function next(rows: AsyncIterator<StoredRow>): Promise<StoredRow | null> {
  const { done, value } = await rows.next();
  return done === true ? null : value;
}

/** The key of a pair, which has a row on at least one side. */
export function keyOfPair(table: Table, { live, built }: RowPair) {
  return keyOf(table, (live ?? built)?.row ?? {});
}
