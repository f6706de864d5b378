import {
  type Answer,
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import { ALLOWED_LATENESS_MS, minuteOf } from "../../../../platform/market/interval.ts";
import { FIRST_LATE_ORDINAL, ordinalOfLate } from "../../../../platform/market/tick-order.ts";
import { decideMinutes } from "./close-minutes.ts";
import type { RecordTicks, TickData } from "./commands.ts";
import type { InstrumentEvent, MarketTick, TicksRecorded } from "./events.ts";
import { CLOCK_CLOSES_WITHIN_MILLISECONDS, MAX_MINUTE_SUM } from "./limits.ts";
import { type Sifted, siftTicks } from "./sift-ticks.ts";
import {
  contractSizeOf,
  firstMinuteKept,
  type RegisteredInstrument,
  type TickState,
} from "./state.ts";

type Decided = Decision<InstrumentEvent>;

/** What the caller is told of a command's ticks; every one of them is in one of these. */
export interface TicksAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly beyondHorizon: number;
  /** Places of ticks that were not taken: too far ahead of the clock … */
  readonly future: readonly number[];
  /** … or of a time, price or amount that no trade has. */
  readonly absurd: readonly number[];
}

/** Records what is new of the ticks, and closes or revises the minutes that this decides. */
export function recordTicks(
  state: RegisteredInstrument,
  { data }: RecordTicks,
  { nowMs }: DecisionContext,
): Decided {
  const obstacle = laterThanDelisting(state, data.ticks);
  if (obstacle) return obstacle;
  const contractSize = contractSizeOf(state);
  const sifted = siftTicks(data, { state: state.ticks, nowMs, contractSize });
  const answer = answerOf(sifted);
  if (sifted.fresh.length === 0) return accepted<InstrumentEvent>([], { ...answer });
  const recorded = ticksRecorded(state.ticks, sifted, { data, nowMs });
  const tooLarge = minuteTooLarge(state.ticks, recorded);
  if (tooLarge) return tooLarge;
  const minutes = decideMinutes(state.ticks, recorded, contractSize);
  const occurredAtMs = recorded.ticks.at(-1)?.timeMs ?? nowMs;
  return accepted<InstrumentEvent>(
    [{ type: "TicksRecorded", data: recorded, occurredAtMs }, ...minutes],
    { ...answer },
  );
}

/** The answer as it comes back from the command side's door. */
export function parseTicksAnswer(answer: Answer | null): TicksAnswer {
  if (answer === null) throw new TypeError("ticks were recorded without an answer");
  return answer as unknown as TicksAnswer;
}

function answerOf({ fresh, duplicates, beyondHorizon, future, absurd }: Sifted): TicksAnswer {
  return { accepted: fresh.length, duplicates, beyondHorizon, future, absurd };
}

function laterThanDelisting(
  { delisting }: RegisteredInstrument,
  ticks: readonly TickData[],
): Extract<Decided, { outcome: "refused" }> | null {
  if (delisting === null) return null;
  const { effectiveMs } = delisting;
  const index = ticks.findIndex(({ timeMs }) => timeMs > effectiveMs);
  if (index < 0) return null;
  const end = new Date(effectiveMs).toISOString();
  return refused("INSTRUMENT_DELISTED", `trading ended at ${end}; tick ${index} is later`, {
    effectiveMs,
    index,
  });
}

interface Recording {
  readonly data: RecordTicks["data"];
  readonly nowMs: number;
}

function ticksRecorded(
  state: TickState,
  { fresh, idsRise }: Sifted,
  { data, nowMs }: Recording,
): TicksRecorded {
  const ticks = withOrdinals(state, fresh, idsRise);
  const live = data.source === "live";
  const lastMs = fresh.at(-1)?.timeMs ?? -1;
  const closingMs = live ? Math.min(lastMs, nowMs + ALLOWED_LATENESS_MS) : lastMs;
  const firstKeptMs = firstMinuteKept(state.latestMs);
  const minutes = ticks.map(({ timeMs }) => minuteOf(timeMs));
  const latestMs = Math.max(state.latestMs, lastMs);
  return {
    source: data.source,
    feedSession: data.feedSession,
    lateBefore: state.lateTicks,
    watermarkMs: Math.max(state.watermarkMs, closingMs),
    clockCloses: live && nowMs - latestMs <= CLOCK_CLOSES_WITHIN_MILLISECONDS,
    staleMinutes: [...new Set(minutes.filter((openTimeMs) => openTimeMs < firstKeptMs))],
    ticks,
  };
}

/** Numbers the ticks within their milliseconds; those before the latest are numbered as late. */
function withOrdinals(
  state: TickState,
  ticks: readonly TickData[],
  idsRise: boolean,
): readonly MarketTick[] {
  let { latestMs, latestOrdinal, lateTicks } = state;
  return ticks.map(({ timeMs, price, volume, side, tradeId, occurrence }) => {
    let ordinal = timeMs > latestMs ? 0 : latestOrdinal + 1;
    if (timeMs < latestMs || ordinal >= FIRST_LATE_ORDINAL) {
      ordinal = ordinalOfLate(lateTicks);
      lateTicks += 1;
    } else {
      [latestMs, latestOrdinal] = [timeMs, ordinal];
    }
    const id = typeof tradeId === "number" && !idsRise ? String(tradeId) : tradeId;
    return { timeMs, ordinal, price, volume, side, tradeId: id, occurrence };
  });
}

const MINUTE_SUM_LIMIT = decimal(MAX_MINUTE_SUM);

/** A minute whose sums the log cannot hold could never be closed; it is not let come to that. */
function minuteTooLarge(
  { minutes }: TickState,
  { ticks }: TicksRecorded,
): Extract<Decided, { outcome: "refused" }> | null {
  let checkedMs = -1;
  for (const { timeMs } of ticks) {
    const openTimeMs = minuteOf(timeMs);
    if (openTimeMs === checkedMs) continue;
    checkedMs = openTimeMs;
    const candle = minutes.get(openTimeMs)?.candle;
    if (candle?.volume.gt(MINUTE_SUM_LIMIT) || candle?.priceVolume.gt(MINUTE_SUM_LIMIT)) {
      return refused("MINUTE_TOO_LARGE", "the minute's sums are at their limit", { openTimeMs });
    }
  }
  return null;
}
