import { setImmediate as nextTurn } from "node:timers/promises";
import { ALLOWED_LATENESS_MS, MINUTE_MS, minuteOf } from "../../../platform/market/interval.ts";
import { causeOf, type DueRow, dueRows, integerOf, OUTBOX_LIMIT, settled, textOf } from "../due.ts";
import type { PlannedCommand, Planner, PlanningParts } from "../manager.ts";
import { assessRisk, isPricedBy, type Trigger } from "./assess-risk.ts";
import { readAssessed } from "./state.ts";

/** Portfolios that are frozen in one transaction. */
const PORTFOLIOS_PER_PAGE = 100;
/** Moves of instruments that one assessment of all portfolios answers to. */
const MOVES_READ = 10_000;

/** The newest minute that was assessed, its opening time. */
const LAST_MINUTE = "last minute";
/** How far an assessment of all portfolios has come. */
const SWEEP = "sweep";

/** An assessment of all portfolios that are priced by some instruments. */
interface Sweep {
  readonly trigger: Trigger;
  readonly moves: readonly DueRow[];
}

/** Plans assessments: of single portfolios after their events, of all that a minute has moved. */
export class RiskPlanner implements Planner {
  readonly #parts: PlanningParts;

  constructor(parts: PlanningParts) {
    this.#parts = parts;
  }

  async plan(): Promise<void> {
    await this.#planPortfolios();
    const minute = await this.#dueMinute();
    if (minute !== null) await this.#sweep(minute);
    const imports = { table: "dueImports", limit: MOVES_READ };
    const { due: moves } = await dueRows(this.#parts.store, imports);
    if (moves.length > 0) await this.#sweep({ trigger: { trigger: "import" }, moves });
  }

  /** While one assessment of a portfolio waits for its answer, further events share the next. */
  async #planPortfolios(): Promise<void> {
    const { store } = this.#parts;
    let after: readonly string[] | undefined;
    while (await this.#hasRoom()) {
      const page = { table: "duePortfolios", after, limit: PORTFOLIOS_PER_PAGE };
      const { due, last } = await dueRows(store, page);
      const waiting = await store.waiting("risk-book", due.map(portfolioIdOf));
      const free = due.filter((row) => !waiting.has(portfolioIdOf(row)));
      if (free.length > 0) await this.#freezePortfolios(free);
      if (last === null) return;
      after = [portfolioIdOf(last)];
      await nextTurn();
    }
  }

  /** A row that changed meanwhile undoes all; one by one it alone stays due. */
  async #freezePortfolios(due: readonly DueRow[]): Promise<void> {
    const { store } = this.#parts;
    const { rates, portfolios } = await readAssessed(store, due.map(portfolioIdOf));
    const commandFor = (row: DueRow): readonly PlannedCommand[] => {
      const portfolio = portfolios.get(portfolioIdOf(row));
      if (portfolio === undefined) return [];
      return [assessRisk(portfolio, rates, { trigger: "portfolio", cause: causeOf(row.row) })];
    };
    const commands = due.flatMap(commandFor);
    if ((await store.freeze({ commands, settled: due.map(settled) })) === "frozen") return;
    for (const row of due) {
      await store.freeze({ commands: commandFor(row), settled: [settled(row)] });
    }
  }

  /**
   * The newest of the minutes that are over and due; the older ones share it, for their prices are
   * no longer known. What comes after its minute was assessed belongs to the next one.
   */
  async #dueMinute(): Promise<Sweep | null> {
    const { store, clock } = this.#parts;
    const overMs = minuteOf(clock() - ALLOWED_LATENESS_MS) - MINUTE_MS;
    const { due } = await dueRows(store, { table: "dueMinutes", limit: MOVES_READ });
    const moves = due.filter(({ row }) => integerOf(row, "openTimeMs") <= overMs);
    const newest = moves.at(-1);
    if (newest === undefined) return null;
    const lastMs = Number((await store.mark(LAST_MINUTE)) ?? Number.NEGATIVE_INFINITY);
    const newestMs = integerOf(newest.row, "openTimeMs");
    const minuteMs = newestMs > lastMs ? newestMs : overMs;
    return minuteMs > lastMs ? { trigger: { trigger: "minute", minuteMs }, moves } : null;
  }

  /** Page by page; how far it has come is remembered with the commands of each. */
  async #sweep({ trigger, moves }: Sweep): Promise<void> {
    const { store } = this.#parts;
    const cause = causeOf((moves.at(-1) as DueRow).row);
    const instrumentIds = new Set(moves.map(({ row }) => textOf(row, "instrumentId")));
    const name = trigger.trigger === "minute" ? String(trigger.minuteMs) : cause.eventId;
    let after = sweptUpTo(await store.mark(SWEEP), name);
    while (await this.#hasRoom()) {
      const find = { table: "portfolios", after, limit: PORTFOLIOS_PER_PAGE };
      const [page = []] = await store.find([find]);
      const { rates, portfolios } = await readAssessed(store, page.map(portfolioIdOf));
      const commands = [...portfolios.values()]
        .filter((portfolio) => isPricedBy(portfolio, rates, instrumentIds))
        .map((portfolio) => assessRisk(portfolio, rates, { ...trigger, cause }));
      const last = page.at(-1);
      if (last === undefined || page.length < PORTFOLIOS_PER_PAGE) {
        return this.#finishSweep({ trigger, moves }, commands);
      }
      after = [portfolioIdOf(last)];
      const marks = { [SWEEP]: JSON.stringify({ name, after }) };
      await store.freeze({ commands, settled: [], marks });
      await nextTurn();
    }
  }

  /** A move that was made again meanwhile stays due, alone. */
  async #finishSweep(
    { trigger, moves }: Sweep,
    commands: readonly PlannedCommand[],
  ): Promise<void> {
    const { store } = this.#parts;
    const marks =
      trigger.trigger === "minute" ? { [LAST_MINUTE]: String(trigger.minuteMs) } : undefined;
    const done = { commands, ...(marks ? { marks } : {}) };
    if ((await store.freeze({ ...done, settled: moves.map(settled) })) === "frozen") return;
    await store.freeze({ ...done, settled: [] });
    for (const move of moves) await store.freeze({ commands: [], settled: [settled(move)] });
  }

  async #hasRoom(): Promise<boolean> {
    return (await this.#parts.store.outboxSize()) + PORTFOLIOS_PER_PAGE <= OUTBOX_LIMIT;
  }
}

function portfolioIdOf({ row }: Pick<DueRow, "row">): string {
  return textOf(row, "portfolioId");
}

function sweptUpTo(mark: string | null, name: string): readonly string[] | undefined {
  if (mark === null) return undefined;
  const swept = JSON.parse(mark) as { readonly name: string; readonly after: readonly string[] };
  return swept.name === name ? swept.after : undefined;
}
