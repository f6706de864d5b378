import { accepted, type Decision, refused } from "../../../../platform/kernel/decider.ts";
import { type Decimal, decimalText, ZERO } from "../../../../platform/kernel/decimal.ts";
import { type BookedTrade, bookTrade } from "./book-trade.ts";
import type { RecordTrade } from "./commands.ts";
import { type Draft, figuresOf, held, isCash, openDraft } from "./draft.ts";
import type { PortfolioEvent, TradeRecorded } from "./events.ts";
import { holdingOf, type OpenState } from "./open-state.ts";
import { refuseUnrecordable } from "./recordable.ts";
import { cover, type Refused } from "./shortfall.ts";
import { type TradeFigures, tradeFigures } from "./trade-figures.ts";

type Trade = RecordTrade["data"];

/** Records a fill that is new by its natural key: its instrument and trade id. */
export function recordTrade(state: OpenState, { data }: RecordTrade): Decision<PortfolioEvent> {
  const figures = tradeFigures(data, state.baseCurrency);
  const draft = openDraft(state, data.occurredAt);
  const absurd = refuseAbsurd(draft, data, figures);
  if (absurd !== null) return absurd;
  const covered = coverNeeds(draft, data, figures);
  if (covered.outcome === "refused") return covered;
  const booked = bookTrade(draft, data, figures);
  const trade = tradeRecorded(draft, data, { figures, covered, booked });
  const results = [trade.realisedNet, trade.realisedGross, trade.feeRealised, trade.feeValue];
  const unrecordable = refuseUnrecordable(draft, results);
  if (unrecordable !== null) return unrecordable;
  return accepted([{ type: "TradeRecorded", data: trade, occurredAtMs: data.occurredAt }]);
}

function refuseAbsurd(draft: Draft, data: Trade, figures: TradeFigures): Refused | null {
  if (figures.quoteAmount.isZero()) {
    return refused("AMOUNT_TOO_SMALL", "price times quantity is 0 at 18 places");
  }
  if (!leavesNothing(draft, data, figures)) return null;
  const { feeCurrency } = figures;
  const fee = decimalText(data.fee);
  const quoteAmount = decimalText(figures.quoteAmount);
  const quantity = decimalText(data.quantity);
  const detail = `a fee of ${fee} ${feeCurrency} leaves nothing of ${quantity} for ${quoteAmount}`;
  return refused("FEE_TOO_LARGE", detail, { fee, feeCurrency, quantity, quoteAmount });
}

/** Cash got may fall below zero (a minimum fee on a tiny sale); no other leg may vanish. */
function leavesNothing(draft: Draft, { side }: Trade, figures: TradeFigures): boolean {
  const { quote, baseMoved, quoteMoved } = figures;
  if (baseMoved.lte(0)) return true;
  if (side === "buy") return quoteMoved.isNegative();
  return quoteMoved.lte(0) && !isCash(draft, quote);
}

interface CoveredNeeds {
  readonly outcome: "covered";
  readonly assumedBase: Decimal;
  readonly assumedQuote: Decimal;
  readonly assumedFee: Decimal;
}

/** Everything the fill gives up must be held, or is taken as held where the command says so. */
function coverNeeds(draft: Draft, data: Trade, figures: TradeFigures): CoveredNeeds | Refused {
  const { base, quote, baseMoved, quoteMoved, feeKind, feeCurrency } = figures;
  const isBuy = data.side === "buy";
  const paid = isBuy ? quoteMoved : quoteMoved.negated();
  const ofBase = { asset: base, quantity: isBuy ? ZERO : baseMoved };
  const ofFee = { asset: feeCurrency, quantity: feeKind === "third" ? data.fee : ZERO };
  const coveredBase = cover(draft, ofBase, data.onShortfall);
  if (coveredBase.outcome === "refused") return coveredBase;
  const coveredQuote = cover(draft, { asset: quote, quantity: paid }, data.onShortfall);
  if (coveredQuote.outcome === "refused") return coveredQuote;
  const coveredFee = cover(draft, ofFee, data.onShortfall);
  if (coveredFee.outcome === "refused") return coveredFee;
  return {
    outcome: "covered",
    assumedBase: coveredBase.assumed,
    assumedQuote: coveredQuote.assumed,
    assumedFee: coveredFee.assumed,
  };
}

interface Parts {
  readonly figures: TradeFigures;
  readonly covered: CoveredNeeds;
  readonly booked: BookedTrade;
}

function tradeRecorded(draft: Draft, data: Trade, parts: Parts): TradeRecorded {
  const { figures, booked, covered } = parts;
  return {
    instrumentId: data.instrumentId,
    exchange: figures.exchange,
    base: figures.base,
    quote: figures.quote,
    tradeId: data.tradeId,
    side: data.side,
    price: data.price,
    quantity: data.quantity,
    quoteAmount: figures.quoteAmount,
    fee: data.fee,
    feeCurrency: figures.feeCurrency,
    feeRate: data.feeRate,
    quoteRate: data.quoteRate,
    liquidity: data.liquidity ?? "",
    strategyId: data.strategyId,
    copiedFrom: data.copiedFrom,
    effect: effectOf(draft, data, figures.base),
    realisedNet: booked.realisedNet,
    realisedGross: booked.realisedGross,
    basis: booked.basis,
    feeValue: figures.feeValue,
    feeRealised: booked.feeRealised,
    valued: figures.values !== null,
    assumedBase: covered.assumedBase,
    assumedQuote: covered.assumedQuote,
    assumedFee: covered.assumedFee,
    outOfOrder: data.occurredAt < draft.state.latestTradeMs,
    tradeNumber: draft.state.tradeCount + 1,
    ...figuresOf(draft),
  };
}

function effectOf(draft: Draft, { side }: Trade, base: string): string {
  if (side === "sell") return held(draft, base).quantity.isZero() ? "closed" : "reduced";
  return holdingOf(draft.state, base).quantity.isZero() ? "opened" : "increased";
}
