import { PlatformError } from "../../platform/errors/catalogue.ts";
import { type Decimal, decimal, decimalText, ZERO } from "../../platform/kernel/decimal.ts";
import { dayIn } from "./calendar-day.ts";
import type { RealisedProfit } from "./store.ts";

/** Trades and reversals that one query of realised profit sums up. */
export const REALISED_TRADES_LIMIT = 100_000;

/** What one trade or one reversal realised. */
export interface Booking {
  readonly instrumentId: string;
  readonly occurredAtMs: number;
  readonly realisedNet: string;
  readonly realisedGross: string;
  readonly feeRealised: string;
  readonly kind: "trade" | "reversal";
}

interface Sums {
  readonly day: string;
  readonly instrumentId: string;
  net: Decimal;
  gross: Decimal;
  fee: Decimal;
  trades: number;
  reversals: number;
}

/**
 * Exact sums by calendar day of the zone and by instrument, in this order. One booking beyond the
 * limit shows that there are too many.
 */
export function sumByDay(bookings: readonly Booking[], zone: string): RealisedProfit[] {
  if (bookings.length > REALISED_TRADES_LIMIT) throw tooManyTrades();
  const sums = new Map<string, Sums>();
  for (const booking of bookings) {
    const day = dayIn(booking.occurredAtMs, zone);
    const key = `${day} ${booking.instrumentId}`;
    const sum = sums.get(key) ?? noSums(day, booking.instrumentId);
    sums.set(key, sum);
    sum.net = sum.net.plus(decimal(booking.realisedNet));
    sum.gross = sum.gross.plus(decimal(booking.realisedGross));
    sum.fee = sum.fee.plus(decimal(booking.feeRealised));
    if (booking.kind === "trade") sum.trades += 1;
    else sum.reversals += 1;
  }
  return [...sums.keys()].sort().map((key) => profitOf(sums.get(key) as Sums));
}

function noSums(day: string, instrumentId: string): Sums {
  return { day, instrumentId, net: ZERO, gross: ZERO, fee: ZERO, trades: 0, reversals: 0 };
}

function profitOf({ day, instrumentId, net, gross, fee, trades, reversals }: Sums): RealisedProfit {
  return {
    day,
    instrumentId,
    realisedNet: decimalText(net),
    realisedGross: decimalText(gross),
    feeRealised: decimalText(fee),
    trades,
    reversals,
  };
}

function tooManyTrades(): PlatformError {
  const detail = `more than ${REALISED_TRADES_LIMIT} trades are in the range; ask for a shorter one`;
  return new PlatformError("RANGE_TOO_LARGE", detail, { facts: { limit: REALISED_TRADES_LIMIT } });
}
