import { type RunningCandle, runningCandles, type Tick } from "../../platform/market/candle.ts";
import type { KeptSeconds } from "./kept-seconds.ts";
import type { TimeRange } from "./store.ts";
import { TooMuch } from "./too-much.ts";

/** Seconds whose ticks are counted at once: counting is many times cheaper than reading. */
const SECONDS_AT_ONCE = 100;
/** Who asks for little is not made to wait for much: so many first. */
const SECONDS_AT_FIRST = 10;
/** Ticks that one query folds at most, those that were folded before included. */
const TICKS_PER_QUERY = 200_000;
export const SECOND_MS = 1_000;

/** The ticks of one second, or those of them that are in a range. */
export type FoldedSecond = Readonly<RunningCandle>;

/** A second that has ticks in a range, by its number since the epoch. */
export interface CountedSecond {
  readonly second: number;
  readonly ticks: number;
}

/**
 * The seconds of one instrument for one query: those kept, and the others folded from ticks. A
 * store says how its ticks are counted and read.
 */
export abstract class FoldedSeconds {
  readonly #instrumentId: string;
  readonly #kept: KeptSeconds;
  #ticks = 0;

  /** `kept`: of queries that later see all that they have seen earlier. */
  constructor(instrumentId: string, kept: KeptSeconds) {
    this.#instrumentId = instrumentId;
    this.#kept = kept;
  }

  /** The first seconds with ticks in a range, ascending. */
  protected abstract count(range: TimeRange, limit: number): Promise<readonly CountedSecond[]>;

  /** All ticks of a range in tick order. */
  protected abstract ticks(range: TimeRange): Promise<readonly Tick[]>;

  /** Pieces of the seconds with ticks, ascending; who has enough stops asking. */
  async *read(range: TimeRange): AsyncGenerator<readonly FoldedSecond[]> {
    let { fromMs } = range;
    for (let limit = SECONDS_AT_FIRST; ; limit = SECONDS_AT_ONCE) {
      const seconds = await this.count({ ...range, fromMs }, limit);
      yield* this.#pieces(seconds, range);
      const last = seconds.at(-1);
      if (last === undefined || seconds.length < limit) return;
      fromMs = (last.second + 1) * SECOND_MS;
    }
  }

  /** Seconds that follow each other and are not kept are read together. */
  async *#pieces(
    seconds: readonly CountedSecond[],
    range: TimeRange,
  ): AsyncGenerator<readonly FoldedSecond[]> {
    let unknown: CountedSecond[] = [];
    for (const one of seconds) {
      const known = this.#kept.get(this.#instrumentId, one.second, one.ticks);
      const isTooMuch = this.#ticks + one.ticks > TICKS_PER_QUERY;
      if ((known !== null || isTooMuch) && unknown.length > 0) {
        yield await this.#fold(unknown, range);
        unknown = [];
      }
      if (isTooMuch) throw new TooMuch("ticks", TICKS_PER_QUERY);
      this.#ticks += one.ticks;
      if (known === null) unknown.push(one);
      else yield [known];
    }
    if (unknown.length > 0) yield await this.#fold(unknown, range);
  }

  async #fold(seconds: readonly CountedSecond[], range: TimeRange): Promise<FoldedSecond[]> {
    const [first, last] = [seconds[0] as CountedSecond, seconds.at(-1) as CountedSecond];
    const ticks = await this.ticks({
      fromMs: Math.max(range.fromMs, first.second * SECOND_MS),
      toMs: Math.min(range.toMs, (last.second + 1) * SECOND_MS),
    });
    const folded = runningCandles(ticks, "1s");
    for (const one of folded) {
      const isWhole = one.openTimeMs >= range.fromMs && one.openTimeMs + SECOND_MS <= range.toMs;
      if (isWhole) this.#kept.keep(this.#instrumentId, one.openTimeMs / SECOND_MS, one);
    }
    return folded;
  }
}
