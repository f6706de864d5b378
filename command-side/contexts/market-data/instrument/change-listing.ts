import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { Decimal } from "../../../../platform/kernel/decimal.ts";
import type {
  AddInstrumentAlias,
  ChangeInstrumentSteps,
  DeclareBackfillRange,
  DelistInstrument,
  RegisterInstrument,
  RenameInstrument,
  Steps,
} from "./commands.ts";
import type { InstrumentEvent, InstrumentRegistered } from "./events.ts";
import { isIdOf, properId } from "./instrument-id.ts";
import { MAX_ALIASES, MAX_BACKFILL_RANGES } from "./limits.ts";
import type { InstrumentState, RegisteredInstrument } from "./state.ts";

type Decided = Decision<InstrumentEvent>;
type Refused = Extract<Decided, { outcome: "refused" }>;
type Change = RenameInstrument | AddInstrumentAlias | ChangeInstrumentSteps | DelistInstrument;

/** Registering again with the same content changes nothing, whatever has changed since. */
export function register(
  state: InstrumentState,
  { data }: RegisterInstrument,
  { aggregateId, nowMs }: DecisionContext,
): Decided {
  const { expiry: expiryMs, ...rest } = data;
  const registration: InstrumentRegistered = { ...rest, expiryMs };
  if (!isIdOf(aggregateId, { ...data, expiryMs })) {
    const proper = properId({ ...data, expiryMs });
    const detail = `the id of this ${data.kind} instrument is ${proper}, not ${aggregateId}`;
    return refused("INSTRUMENT_ID_MISMATCH", detail, { properId: proper });
  }
  if (state.status === "registered") {
    const different = differences(state.registration, registration);
    if (different.length === 0) return accepted([]);
    const detail = `${aggregateId} was registered with another ${different.join(", ")}`;
    return refused("INSTRUMENT_ALREADY_REGISTERED", detail, { fields: different.join(", ") });
  }
  return accepted([{ type: "InstrumentRegistered", data: registration, occurredAtMs: nowMs }]);
}

export function changeListing(
  state: RegisteredInstrument,
  command: Change,
  context: DecisionContext,
): Decided {
  if (command.type === "DelistInstrument") return delist(state, command, context);
  if (state.delisting !== null) return delisted(state.delisting.effectiveMs, context);
  switch (command.type) {
    case "RenameInstrument":
      return rename(state, command, context);
    case "AddInstrumentAlias":
      return addAlias(state, command, context);
    case "ChangeInstrumentSteps":
      return changeSteps(state, command, context);
  }
}

export function declareBackfillRange(
  { ticks }: RegisteredInstrument,
  { data }: DeclareBackfillRange,
  { nowMs }: DecisionContext,
): Decided {
  const range = { fromMs: data.from, toMs: data.to };
  const covered = ticks.backfillRanges.some(({ fromMs, toMs }) => {
    return fromMs <= range.fromMs && range.toMs <= toMs;
  });
  if (covered) return accepted([]);
  if (ticks.backfillRanges.length >= MAX_BACKFILL_RANGES) {
    const detail = `${MAX_BACKFILL_RANGES} ranges are declared; no more are taken`;
    return refused("TOO_MANY_BACKFILL_RANGES", detail, { limit: MAX_BACKFILL_RANGES });
  }
  return accepted([{ type: "BackfillRangeDeclared", data: range, occurredAtMs: nowMs }]);
}

function rename(
  state: RegisteredInstrument,
  { data: { symbol, effectiveAt } }: RenameInstrument,
  { nowMs }: DecisionContext,
): Decided {
  if (symbol === state.symbol) return accepted([]);
  const effectiveMs = effectiveAt ?? nowMs;
  const tooEarly = beforeLastChange(state, effectiveMs);
  if (tooEarly) return tooEarly;
  const data = { symbol, previousSymbol: state.symbol, effectiveMs };
  return accepted([{ type: "InstrumentRenamed", data, occurredAtMs: nowMs }]);
}

/** An alias takes nothing away from what was there: it may hold for any time, without a time always. */
function addAlias(
  { symbol: current, aliases }: RegisteredInstrument,
  { data: { symbol, effectiveAt } }: AddInstrumentAlias,
  { nowMs }: DecisionContext,
): Decided {
  if (symbol === current || aliases.has(symbol)) return accepted([]);
  if (aliases.size >= MAX_ALIASES) {
    const detail = `the instrument has ${MAX_ALIASES} aliases; no more are taken`;
    return refused("TOO_MANY_ALIASES", detail, { limit: MAX_ALIASES });
  }
  const data = { symbol, effectiveMs: effectiveAt ?? 0 };
  return accepted([{ type: "InstrumentAliasAdded", data, occurredAtMs: nowMs }]);
}

function changeSteps(
  state: RegisteredInstrument,
  { data: { effectiveAt, ...steps } }: ChangeInstrumentSteps,
  { nowMs }: DecisionContext,
): Decided {
  if (differences<Steps>(state.steps, steps).length === 0) return accepted([]);
  const effectiveMs = effectiveAt ?? nowMs;
  const tooEarly = beforeLastChange(state, effectiveMs);
  if (tooEarly) return tooEarly;
  const data = { ...steps, effectiveMs };
  return accepted([{ type: "InstrumentStepsChanged", data, occurredAtMs: nowMs }]);
}

function delist(
  state: RegisteredInstrument,
  { data: { effectiveAt, reason } }: DelistInstrument,
  context: DecisionContext,
): Decided {
  const { delisting } = state;
  const effectiveMs = effectiveAt ?? delisting?.effectiveMs ?? context.nowMs;
  if (delisting !== null) {
    const same = effectiveMs === delisting.effectiveMs && reason === delisting.reason;
    return same ? accepted([]) : delisted(delisting.effectiveMs, context);
  }
  const tooEarly = beforeLastChange(state, effectiveMs);
  if (tooEarly) return tooEarly;
  const data = { effectiveMs, reason };
  return accepted([{ type: "InstrumentDelisted", data, occurredAtMs: context.nowMs }]);
}

function delisted(effectiveMs: number, { aggregateId }: DecisionContext): Refused {
  const end = new Date(effectiveMs).toISOString();
  const detail = `${aggregateId} was delisted with effect from ${end}`;
  return refused("INSTRUMENT_DELISTED", detail, { effectiveMs });
}

function beforeLastChange({ lastChangeMs }: RegisteredInstrument, ms: number): Refused | null {
  if (ms >= lastChangeMs) return null;
  const [last, asked] = [new Date(lastChangeMs), new Date(ms)].map((date) => date.toISOString());
  const detail = `the last change takes effect at ${last}, this one would at ${asked}`;
  return refused("EFFECTIVE_BEFORE_LAST_CHANGE", detail, { lastChangeMs, effectiveMs: ms });
}

type Field = string | number | Decimal | null;

/** Names of the fields in which two of a kind differ, decimals compared by value. */
function differences<T extends { readonly [K in keyof T]: Field }>(one: T, other: T): string[] {
  const names = Object.keys(other) as (keyof T & string)[];
  return names.filter((name) => !isSame(one[name], other[name]));
}

function isSame(one: Field, other: Field): boolean {
  const bothDecimal = typeof one === "object" && typeof other === "object";
  if (!bothDecimal || one === null || other === null) return one === other;
  return one.eq(other);
}
