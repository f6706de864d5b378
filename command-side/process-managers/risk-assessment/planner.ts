import { setImmediate as nextTurn } from "node:timers/promises";
import { ALLOWED_LATENESS_MS, MINUTE_MS, minuteOf } from "../../../platform/market/interval.ts";
import type { Rates } from "../../../platform/market/rates.ts";
import { causeOf, type DueRow, dueRows, integerOf, OUTBOX_LIMIT, settled, textOf } from "../due.ts";
import type { PlannedCommand, Planner, PlanningParts } from "../manager.ts";
import { assessRisk, isPricedBy, type Trigger } from "./assess-risk.ts";
import { readPortfolio, readRates } from "./state.ts";

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
    const minute = this.#dueMinute();
    if (minute !== null) await this.#sweep(minute);
    const moves = dueRows(this.#parts.store, "dueImports", { limit: MOVES_READ });
    if (moves.length > 0) await this.#sweep({ trigger: { trigger: "import" }, moves });
  }

  /** While one assessment of a portfolio waits for its answer, further events share the next. */
  async #planPortfolios(): Promise<void> {
    const { store } = this.#parts;
    let after: readonly string[] | undefined;
    while (this.#hasRoom()) {
      const page = { after, limit: PORTFOLIOS_PER_PAGE };
      const found = store.find("duePortfolios", page);
      const due = dueRows(store, "duePortfolios", page).filter(({ row }) => {
        return !store.isWaiting("risk-book", textOf(row, "portfolioId"));
      });
      if (due.length > 0) this.#freezePortfolios(due, readRates(store));
      const last = found.at(-1);
      if (last === undefined || found.length < PORTFOLIOS_PER_PAGE) return;
      after = [textOf(last.row, "portfolioId")];
      await nextTurn();
    }
  }

  /** A row that changed meanwhile undoes all; one by one it alone stays due. */
  #freezePortfolios(due: readonly DueRow[], rates: Rates): void {
    const { store } = this.#parts;
    const commands = due.flatMap((row) => this.#commandFor(row, rates));
    if (store.freeze({ commands, settled: due.map(settled) }) === "frozen") return;
    for (const row of due) {
      store.freeze({ commands: this.#commandFor(row, rates), settled: [settled(row)] });
    }
  }

  #commandFor({ row }: DueRow, rates: Rates): readonly PlannedCommand[] {
    const portfolio = readPortfolio(this.#parts.store, textOf(row, "portfolioId"));
    if (portfolio === null) return [];
    return [assessRisk(portfolio, rates, { trigger: "portfolio", cause: causeOf(row) })];
  }

  /**
   * The newest of the minutes that are over and due; the older ones share it, for their prices are
   * no longer known. What comes after its minute was assessed belongs to the next one.
   */
  #dueMinute(): Sweep | null {
    const { store, clock } = this.#parts;
    const overMs = minuteOf(clock() - ALLOWED_LATENESS_MS) - MINUTE_MS;
    const moves = dueRows(store, "dueMinutes", { limit: MOVES_READ }).filter(({ row }) => {
      return integerOf(row, "openTimeMs") <= overMs;
    });
    const newest = moves.at(-1);
    if (newest === undefined) return null;
    const lastMs = Number(store.mark(LAST_MINUTE) ?? Number.NEGATIVE_INFINITY);
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
    const rates = readRates(store);
    let after = sweptUpTo(store.mark(SWEEP), name);
    for (;;) {
      if (!this.#hasRoom()) return;
      const page = store.find("portfolios", { after, limit: PORTFOLIOS_PER_PAGE });
      const portfolios = page.map(({ row }) => readPortfolio(store, textOf(row, "portfolioId")));
      const commands = portfolios
        .filter((portfolio) => portfolio !== null)
        .filter((portfolio) => isPricedBy(portfolio, rates, instrumentIds))
        .map((portfolio) => assessRisk(portfolio, rates, { ...trigger, cause }));
      const last = page.at(-1);
      if (last === undefined || page.length < PORTFOLIOS_PER_PAGE) {
        return this.#finishSweep({ trigger, moves }, commands);
      }
      after = [textOf(last.row, "portfolioId")];
      store.freeze({ commands, settled: [], marks: { [SWEEP]: JSON.stringify({ name, after }) } });
      await nextTurn();
    }
  }

  /** A move that was made again meanwhile stays due, alone. */
  #finishSweep({ trigger, moves }: Sweep, commands: readonly PlannedCommand[]): void {
    const { store } = this.#parts;
    const marks =
      trigger.trigger === "minute" ? { [LAST_MINUTE]: String(trigger.minuteMs) } : undefined;
    const done = { commands, ...(marks ? { marks } : {}) };
    if (store.freeze({ ...done, settled: moves.map(settled) }) === "frozen") return;
    store.freeze({ ...done, settled: [] });
    for (const move of moves) store.freeze({ commands: [], settled: [settled(move)] });
  }

  #hasRoom(): boolean {
    return this.#parts.store.outboxSize() + PORTFOLIOS_PER_PAGE <= OUTBOX_LIMIT;
  }
}

function sweptUpTo(mark: string | null, name: string): readonly string[] | undefined {
  if (mark === null) return undefined;
  const swept = JSON.parse(mark) as { readonly name: string; readonly after: readonly string[] };
  return swept.name === name ? swept.after : undefined;
}
