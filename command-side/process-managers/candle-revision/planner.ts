import { partitionKey } from "../../../platform/log/log.ts";
import { causeOf, type DueRow, dueRows, integerOf, OUTBOX_LIMIT, settled, textOf } from "../due.ts";
import type { Planner, PlanningParts } from "../manager.ts";
import { reviseCandle } from "./revise-candle.ts";
import type { StoredMinutes } from "./stored-minutes.ts";

/** Minutes looked at in one round. */
const MINUTES_PER_ROUND = 200;

/** Plans the revision of stale minutes, once the read model holds their ticks. */
export class RevisionPlanner implements Planner {
  readonly #parts: PlanningParts;
  readonly #minutes: StoredMinutes;

  constructor(parts: PlanningParts, minutes: StoredMinutes) {
    this.#parts = parts;
    this.#minutes = minutes;
  }

  async plan(): Promise<void> {
    const { store } = this.#parts;
    const room = Math.min(MINUTES_PER_ROUND, OUTBOX_LIMIT - (await store.outboxSize()));
    if (room <= 0) return;
    const { due } = await dueRows(store, { table: "staleMinutes", limit: room });
    for (const row of due) await this.#planMinute(row);
  }

  /** A minute that gets more ticks meanwhile stays due, and is read again. */
  async #planMinute(due: DueRow): Promise<void> {
    const { store } = this.#parts;
    const cause = causeOf(due.row);
    const passed = new Map([[partitionKey(cause.position), cause.position.position + 1]]);
    if (!(await this.#minutes.hasPassed(passed))) return;
    const instrumentId = textOf(due.row, "instrumentId");
    const stored = await this.#minutes.minute(instrumentId, integerOf(due.row, "openTimeMs"));
    const commands = stored === null ? [] : [reviseCandle(instrumentId, stored, cause)];
    await store.freeze({ commands, settled: [settled(due)] });
  }
}
