import type { Freezing } from "../../../../platform/kernel/decider.ts";
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import { addTick, beginCandle, type RunningCandle } from "../../../../platform/market/candle.ts";
import { minuteOf } from "../../../../platform/market/interval.ts";
import { isLate } from "../../../../platform/market/tick-order.ts";
import type { Steps } from "./commands.ts";
import type { EventOf, InstrumentEvent, InstrumentRegistered, TicksRecorded } from "./events.ts";
import { type FrozenTicks, KnownTicks, remember } from "./known-ticks.ts";
import { CANDLES_KEPT_MILLISECONDS, REVISED_MINUTES_KEPT } from "./limits.ts";
import { evolveListing, type Listing } from "./listing.ts";

/** Rises when the state or `evolve` change. */
export const STATE_VERSION = 3;

export type InstrumentState = NotRegistered | RegisteredInstrument;

interface NotRegistered {
  readonly status: "not registered";
}

/** `evolve` changes it in place: its candles and tick keys are megabytes. */
export interface RegisteredInstrument {
  readonly status: "registered";
  /** What it was registered with, whatever has changed since. */
  readonly registration: InstrumentRegistered;
  symbol: string;
  readonly aliases: Set<string>;
  /** All spellings with their times, by which others find it. */
  listing: Listing;
  steps: Steps;
  /** When the latest rename, change of steps or delisting takes effect, epoch ms. */
  lastChangeMs: number;
  delisting: { readonly effectiveMs: number; readonly reason: string } | null;
  readonly ticks: TickState;
}

export interface TickState {
  /** Time and ordinal of the latest tick that was not late; −1 before the first. */
  latestMs: number;
  latestOrdinal: number;
  /** Ever; gives late ticks their ordinals. */
  lateTicks: number;
  /** Greatest event time that may close candles; −1 before the first tick. */
  watermarkMs: number;
  clockCloses: boolean;
  /** By opening time, those of the last 24 h of event time. */
  readonly minutes: Map<number, Minute>;
  /** Opening times of minutes that are not closed yet. */
  readonly openMinutes: Set<number>;
  /** Older minutes that were revised from their stored ticks, the oldest revision first. */
  readonly revised: Map<number, EventOf<"CandleRevised">["data"]>;
  readonly known: KnownTicks;
  readonly backfillRanges: { readonly fromMs: number; readonly toMs: number }[];
}

export interface Minute {
  readonly candle: RunningCandle;
  /** `null` while it is open. */
  revision: number | null;
}

export function initialState(): InstrumentState {
  return { status: "not registered" };
}

export function evolve(state: InstrumentState, event: InstrumentEvent): InstrumentState {
  if (event.type === "InstrumentRegistered") return register(event);
  if (state.status !== "registered") throw new RangeError(`${event.type} while ${state.status}`);
  state.listing = evolveListing(state.listing, event);
  evolveRegistered(state, event);
  return state;
}

/** The ticks it knows are the only part that is not of plain values. */
export const freezing: Freezing<InstrumentState> = {
  freeze: (state) => {
    if (state.status !== "registered") return state;
    return { ...state, ticks: { ...state.ticks, known: state.ticks.known.freeze() } };
  },
  thaw: (value) => {
    const frozen = value as NotRegistered | FrozenInstrument;
    if (frozen.status !== "registered") return frozen;
    return { ...frozen, ticks: { ...frozen.ticks, known: KnownTicks.thaw(frozen.ticks.known) } };
  },
};

interface FrozenInstrument extends Omit<RegisteredInstrument, "ticks"> {
  readonly ticks: Omit<TickState, "known"> & { readonly known: FrozenTicks };
}

/** Of inverse contracts; `null` where volume counts the base asset. */
export function contractSizeOf(state: RegisteredInstrument): Decimal | null {
  return state.registration.contractSize;
}

/** Opening time of the first minute of which the candle is remembered. */
export function firstMinuteKept(latestMs: number): number {
  return latestMs < 0 ? 0 : minuteOf(Math.max(0, latestMs - CANDLES_KEPT_MILLISECONDS));
}

/** The minute is older than what is remembered. */
export function isStale({ latestMs }: TickState, openTimeMs: number): boolean {
  return openTimeMs < firstMinuteKept(latestMs);
}

function register(registered: EventOf<"InstrumentRegistered">): RegisteredInstrument {
  const { data: registration } = registered;
  const { symbol, priceStep, quantityStep, minQuantity, minNotional } = registration;
  return {
    status: "registered",
    registration,
    symbol,
    aliases: new Set(),
    listing: evolveListing(null, registered),
    steps: { priceStep, quantityStep, minQuantity, minNotional },
    lastChangeMs: 0,
    delisting: null,
    ticks: {
      latestMs: -1,
      latestOrdinal: -1,
      lateTicks: 0,
      watermarkMs: -1,
      clockCloses: false,
      minutes: new Map(),
      openMinutes: new Set(),
      revised: new Map(),
      known: new KnownTicks(),
      backfillRanges: [],
    },
  };
}

function evolveRegistered(
  state: RegisteredInstrument,
  event: Exclude<InstrumentEvent, { type: "InstrumentRegistered" }>,
): void {
  switch (event.type) {
    case "TicksRecorded":
      recordTicks(state.ticks, event.data);
      break;
    case "CandleClosed":
      closeMinute(state.ticks, event.data);
      break;
    case "CandleRevised":
      if (isStale(state.ticks, event.data.openTimeMs)) rememberRevised(state.ticks, event.data);
      else closeMinute(state.ticks, event.data);
      break;
    case "InstrumentAliasAdded":
      state.aliases.add(event.data.symbol);
      break;
    case "BackfillRangeDeclared":
      state.ticks.backfillRanges.push(event.data);
      break;
    default:
      changeListing(state, event);
  }
}

function changeListing(
  state: RegisteredInstrument,
  event: EventOf<"InstrumentRenamed" | "InstrumentStepsChanged" | "InstrumentDelisted">,
): void {
  state.lastChangeMs = event.data.effectiveMs;
  switch (event.type) {
    case "InstrumentRenamed":
      state.symbol = event.data.symbol;
      break;
    case "InstrumentStepsChanged": {
      const { effectiveMs: _, ...steps } = event.data;
      state.steps = steps;
      break;
    }
    case "InstrumentDelisted":
      state.delisting = event.data;
  }
}

function recordTicks(state: TickState, recorded: TicksRecorded): void {
  const { feedSession, staleMinutes } = recorded;
  const before = { feedSession, latestMs: state.latestMs };
  for (const tick of recorded.ticks) {
    remember(state.known, tick, before);
    const openTimeMs = minuteOf(tick.timeMs);
    if (!staleMinutes.includes(openTimeMs)) addToMinute(state, openTimeMs, tick);
    if (isLate(tick.ordinal)) state.lateTicks += 1;
    else [state.latestMs, state.latestOrdinal] = [tick.timeMs, tick.ordinal];
  }
  state.watermarkMs = recorded.watermarkMs;
  state.clockCloses = recorded.clockCloses;
  state.known.hashes.forget(state.latestMs);
  if (minuteOf(state.latestMs) > before.latestMs) forgetMinutes(state);
}

function addToMinute(
  state: TickState,
  openTimeMs: number,
  tick: TicksRecorded["ticks"][number],
): void {
  const minute = state.minutes.get(openTimeMs);
  if (minute) {
    addTick(minute.candle, tick);
    return;
  }
  state.minutes.set(openTimeMs, { candle: beginCandle(openTimeMs, tick), revision: null });
  state.openMinutes.add(openTimeMs);
}

/** Only closed minutes: one that is still open lies less than six minutes back. */
function forgetMinutes(state: TickState): void {
  const firstMs = firstMinuteKept(state.latestMs);
  for (const openTimeMs of state.minutes.keys()) {
    if (openTimeMs < firstMs) state.minutes.delete(openTimeMs);
  }
}

/** The figures are already there: the minute's ticks were recorded by the event before. */
function closeMinute(
  state: TickState,
  { openTimeMs, revision }: { readonly openTimeMs: number; readonly revision: number },
): void {
  state.openMinutes.delete(openTimeMs);
  const minute = state.minutes.get(openTimeMs);
  if (minute) minute.revision = revision;
}

function rememberRevised({ revised }: TickState, candle: EventOf<"CandleRevised">["data"]): void {
  revised.delete(candle.openTimeMs);
  revised.set(candle.openTimeMs, candle);
  const [oldest] = revised.keys();
  if (revised.size > REVISED_MINUTES_KEPT && oldest !== undefined) revised.delete(oldest);
}
