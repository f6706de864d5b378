/**
 * What protects a portfolio for ever from recording the same fact twice: the hash of its key with
 * the hash of its content.
 */
import { type Decimal, decimalText } from "../../../../platform/kernel/decimal.ts";
import { hash64 } from "../../../../platform/kernel/hash.ts";

export interface NaturalKey {
  readonly key: string;
  readonly content: string;
}

export type KnownKeys = ReadonlyMap<string, string>;

/** `same`: a repeat. `other`: the key was used for another content. */
export type Match = "new" | "same" | "other";

const REVERSED_MARK = "r";

export function matchKey(known: KnownKeys, { key, content }: NaturalKey): Match {
  const found = known.get(key);
  if (found === undefined) return "new";
  if (found === content || found === REVERSED_MARK + content) return "same";
  return isReversed(found) ? "new" : "other";
}

/** The content of a reversed trade: the same again stays a repeat, another is its correction. */
export function markReversed(content: string): string {
  return isReversed(content) ? content : REVERSED_MARK + content;
}

/** A content's hash is four units long; the mark makes it five. */
export function isReversed(content: string): boolean {
  return content.length === REVERSED_MARK.length + 4;
}

export function tradeKey(trade: { instrumentId: string; tradeId: string }): string {
  return hash64(`trade|${trade.instrumentId}|${trade.tradeId}`);
}

/** What the exchange reports and what the trade was made for; its valuation is not content. */
export interface TradeContent {
  readonly instrumentId: string;
  readonly tradeId: string;
  readonly side: string;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly fee: Decimal;
  readonly feeCurrency: string;
  readonly liquidity: string;
  readonly strategyId: string | null;
  readonly copiedFrom: string | null;
}

export function tradeNaturalKey(trade: TradeContent, occurredAtMs: number): NaturalKey {
  const { side, price, quantity, fee, feeCurrency, liquidity, strategyId, copiedFrom } = trade;
  const figures = [price, quantity, fee].map(decimalText).join("|");
  const words = `${side}|${feeCurrency}|${liquidity}|${occurredAtMs}`;
  const origin = strategyId || copiedFrom ? JSON.stringify([strategyId, copiedFrom]) : "";
  return { key: tradeKey(trade), content: hash64(`${figures}|${words}|${origin}`) };
}

export interface FundsContent {
  readonly externalReference: string;
  readonly asset: string;
  readonly amount: Decimal;
  readonly unitCost: Decimal | null;
}

export function fundsNaturalKey(type: "deposit" | "withdrawal", funds: FundsContent): NaturalKey {
  const { externalReference, asset, amount, unitCost } = funds;
  const cost = unitCost === null ? "" : decimalText(unitCost);
  return {
    key: hash64(`reference|${externalReference}`),
    content: hash64(`${type}|${asset}|${decimalText(amount)}|${cost}`),
  };
}
