import { type Decimal, fromRatio, maximum, ZERO } from "../../../../platform/kernel/decimal.ts";
import { bucketStart } from "../../../../platform/market/interval.ts";
import type { RiskAssessed } from "./events.ts";
import type { LimitKind } from "./limit-kinds.ts";
import type { Limit, RiskBook } from "./state.ts";

const RATIO_PLACES = 12;

type Measured = Omit<RiskAssessed, "limits">;

/** A limit with what is measured against it. */
export interface MeasuredLimit {
  readonly limitId: string;
  readonly limit: Limit;
  /** null: it cannot be measured now. */
  readonly value: Decimal | null;
  /** value / limit */
  readonly usage: number | null;
}

export function limitValuesOf({ limits }: RiskBook, measured: Measured): readonly MeasuredLimit[] {
  return [...limits].map(([limitId, limit]) => measuredLimit(limitId, limit, measured));
}

export function measuredLimit(limitId: string, limit: Limit, measured: Measured): MeasuredLimit {
  const value = measuredValue(limit, measured);
  const usage = value === null ? null : value.toNumber() / limit.definition.limit.toNumber();
  return { limitId, limit, value, usage };
}

/** What cannot be told for want of prices or returns is null, never 0. */
function measuredValue({ definition, window }: Limit, measured: Measured): Decimal | null {
  const { asset } = definition;
  switch (definition.kind as LimitKind) {
    case "order_notional":
      return null;
    case "gross_exposure":
      return measured.complete ? measured.grossExposure : null;
    case "open_positions":
      return fromRatio(measured.positions.length);
    case "position_notional":
      return largestPosition(measured, asset);
    case "leverage":
      return measured.complete ? ratio(measured.leverage) : null;
    case "concentration":
      return measured.complete ? ratio(concentration(measured, asset)) : null;
    case "drawdown":
      return ratio(window === null ? measured.drawdown : fallFrom(window.nav, measured.nav));
    case "daily_loss":
      return ratio(fallFrom(dayStart(window, measured), measured.nav));
    case "volatility":
      return ratio(measured.volatility);
    case "value_at_risk":
      return ratio(measured.tails[0]?.historicalVar ?? null);
    case "expected_shortfall":
      return ratio(measured.tails[0]?.historicalShortfall ?? null);
  }
}

function largestPosition({ positions }: Measured, asset: string | null): Decimal | null {
  const asked = asset === null ? positions : positions.filter((one) => one.asset === asset);
  let largest = ZERO;
  for (const { value } of asked) {
    if (value === null) return null;
    largest = maximum(largest, value.abs());
  }
  return largest;
}

function concentration({ positions, concentration: largest }: Measured, asset: string | null) {
  if (asset === null) return largest ?? 0;
  return positions.find((one) => one.asset === asset)?.share ?? 0;
}

/** A reset counts until the next day begins. */
function dayStart(window: Limit["window"], { asOfMs, dayOpenNav }: Measured): number {
  if (window === null) return dayOpenNav;
  const isSameDay = bucketStart(window.startMs, "1d") === bucketStart(asOfMs, "1d");
  return isSameDay ? window.nav : dayOpenNav;
}

function fallFrom(from: number, to: number): number {
  return from > 0 ? Math.max(0, 1 - to / from) : 0;
}

/** Without the noise of doubles: 1 - 54/60 is a tenth, and reaches a limit of a tenth. */
function ratio(value: number | null): Decimal | null {
  return value === null ? null : fromRatio(Number(value.toFixed(RATIO_PLACES)));
}
