/** What a fill moves and what that is worth, before anything the portfolio holds is looked at. */

import { parseInstrumentId } from "../../../../platform/fields/spot-instrument.ts";
import { type Decimal, product, quotient, rounded } from "../../../../platform/kernel/decimal.ts";
import type { RecordTrade } from "./commands.ts";

/** A value in the base currency. */
export interface Value {
  /** What was paid or got, a fee in the trade's own assets included. */
  readonly net: Decimal;
  /** What the price alone would make of the quantity. */
  readonly gross: Decimal;
}

/** Which of the trade's assets the fee is paid in; a third one moves beside the trade. */
type FeeKind = "base" | "quote" | "third";

export interface TradeFigures {
  readonly exchange: string;
  readonly base: string;
  readonly quote: string;
  /** price · quantity. */
  readonly quoteAmount: Decimal;
  /** What is bought or sold of the base asset, a fee in it included. */
  readonly baseMoved: Decimal;
  /** What is paid or got of the quote asset, a fee in it included. */
  readonly quoteMoved: Decimal;
  readonly feeKind: FeeKind;
  readonly feeCurrency: string;
  /** The fee in the base currency; null where no rate is known. */
  readonly feeValue: Decimal | null;
  /** What the two legs are worth; null where no rate is known. */
  readonly values: { readonly base: Value; readonly quote: Value } | null;
}

export function tradeFigures(data: RecordTrade["data"], baseCurrency: string): TradeFigures {
  const { side, quantity, fee } = data;
  const { exchange, base, quote } = parseInstrumentId(data.instrumentId);
  const feeCurrency = feeCurrencyOf(data);
  const feeKind = kindOf(feeCurrency, base, quote);
  const quoteAmount = product(data.price, quantity);
  const signed = side === "buy" ? fee : fee.negated();
  const moved = {
    baseMoved: feeKind === "base" ? quantity.minus(signed) : quantity,
    quoteMoved: feeKind === "quote" ? quoteAmount.plus(signed) : quoteAmount,
  };
  const valuation = valuationOf(data, { base, quote, baseCurrency });
  const values = valuation && valuesOf(valuation, { ...moved, baseIsCash: base === baseCurrency });
  const feeValue =
    feeKind === "third"
      ? thirdFeeValue(data, feeCurrency === baseCurrency)
      : ownFeeValue(data, feeKind, valuation);
  return { exchange, base, quote, quoteAmount, ...moved, feeKind, feeCurrency, feeValue, values };
}

/** A fee is in the quote asset where nothing else is said. */
export function feeCurrencyOf({ feeCurrency, instrumentId }: RecordTrade["data"]): string {
  return feeCurrency ?? parseInstrumentId(instrumentId).quote;
}

function kindOf(feeCurrency: string, base: string, quote: string): FeeKind {
  if (feeCurrency === base) return "base";
  return feeCurrency === quote ? "quote" : "third";
}

/** What a quantity of either asset is worth in the base currency, at the trade's own price. */
interface Valuation {
  ofBase(quantity: Decimal): Decimal;
  ofQuote(quantity: Decimal): Decimal;
}

function valuationOf(
  { price, quoteRate }: RecordTrade["data"],
  { base, quote, baseCurrency }: { base: string; quote: string; baseCurrency: string },
): Valuation | null {
  if (quote === baseCurrency) {
    return { ofBase: (quantity) => product(price, quantity), ofQuote: (quantity) => quantity };
  }
  if (base === baseCurrency) {
    return { ofBase: (quantity) => quantity, ofQuote: (quantity) => quotient(quantity, price) };
  }
  if (quoteRate === null) return null;
  return {
    ofBase: (quantity) => rounded(price.times(quantity).times(quoteRate)),
    ofQuote: (quantity) => product(quantity, quoteRate),
  };
}

function valuesOf(
  { ofBase, ofQuote }: Valuation,
  moved: { baseMoved: Decimal; quoteMoved: Decimal; baseIsCash: boolean },
): { base: Value; quote: Value } {
  const [baseValue, quoteValue] = [ofBase(moved.baseMoved), ofQuote(moved.quoteMoved)];
  return {
    base: { net: quoteValue, gross: baseValue },
    quote: { net: moved.baseIsCash ? baseValue : quoteValue, gross: quoteValue },
  };
}

function ownFeeValue(
  { fee, feeRate }: RecordTrade["data"],
  kind: "base" | "quote",
  valuation: Valuation | null,
): Decimal | null {
  if (valuation !== null) return kind === "base" ? valuation.ofBase(fee) : valuation.ofQuote(fee);
  return valueAt(fee, feeRate);
}

function thirdFeeValue({ fee, feeRate }: RecordTrade["data"], isCash: boolean): Decimal | null {
  return isCash ? fee : valueAt(fee, feeRate);
}

/** A rate that is not known is never taken to be 1; nothing is worth nothing at any rate. */
function valueAt(fee: Decimal, feeRate: Decimal | null): Decimal | null {
  if (feeRate !== null) return product(fee, feeRate);
  return fee.isZero() ? fee : null;
}
