/** Books a fill that is covered: legs, third-asset fee and postings; the rules stand in docs/domain/accounting.md. */
import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { RecordTrade } from "./commands.ts";
import { NO_BASIS } from "./cost.ts";
import { acquire, type Draft, giveUp, isCash, realise } from "./draft.ts";
import { transfer } from "./ledger.ts";
import type { TradeFigures, Value } from "./trade-figures.ts";

type Trade = RecordTrade["data"];

/** What a fill made of the bases. */
export interface BookedTrade {
  readonly realisedNet: Decimal;
  readonly realisedGross: Decimal;
  /** Cost of the quantity given up. */
  readonly basis: Decimal;
  /** On the asset of a third-asset fee. */
  readonly feeRealised: Decimal;
}

export function bookTrade(draft: Draft, trade: Trade, figures: TradeFigures): BookedTrade {
  const legs = exchangeLegs(draft, legsOf(trade, figures));
  const isThirdFee = figures.feeKind === "third" && !trade.fee.isZero();
  const fee = isThirdFee ? payThirdFee(draft, trade.fee, figures) : NO_THIRD_FEE;
  postTrade(draft, trade, figures);
  return {
    realisedNet: legs.net.minus(fee.charged),
    realisedGross: legs.gross,
    basis: legs.basis,
    feeRealised: fee.realised,
  };
}

interface Leg {
  readonly asset: string;
  readonly quantity: Decimal;
  /** null: no rate is known. */
  readonly value: Value | null;
}

function legsOf({ side }: Trade, figures: TradeFigures): { given: Leg; received: Leg } {
  const { base, quote, baseMoved, quoteMoved, values } = figures;
  const baseLeg = { asset: base, quantity: baseMoved, value: values?.base ?? null };
  const quoteLeg = { asset: quote, quantity: quoteMoved, value: values?.quote ?? null };
  return side === "buy"
    ? { given: quoteLeg, received: baseLeg }
    : { given: baseLeg, received: quoteLeg };
}

/**
 * One asset goes, the other comes. With a value, what goes realises the value less its basis, and
 * what comes costs the value; without, the basis goes over to what comes and nothing is realised.
 */
function exchangeLegs(
  draft: Draft,
  { given, received }: { given: Leg; received: Leg },
): Value & { basis: Decimal } {
  const basis = giveUp(draft, given.asset, given.quantity);
  const { quantity, value } = received;
  const incoming = value
    ? { ...NO_BASIS, quantity, cost: value.net, grossCost: value.gross }
    : { ...basis, quantity };
  acquire(draft, received.asset, incoming);
  if (given.value === null || isCash(draft, given.asset)) {
    return { net: ZERO, gross: ZERO, basis: basis.cost };
  }
  const net = given.value.net.minus(basis.cost);
  const gross = given.value.gross.minus(basis.grossCost);
  realise(draft, given.asset, { net, gross });
  return { net, gross, basis: basis.cost };
}

const NO_THIRD_FEE = { charged: ZERO, realised: ZERO };

/**
 * A fee in a third asset gives that asset up at its basis. Where its value is known, the asset
 * realises value less basis and the trade is charged the value; where not, nothing is realised and
 * the fee stands per currency in the ledger alone. A rebate is an acquisition at its value.
 */
function payThirdFee(
  draft: Draft,
  fee: Decimal,
  { base, quote, feeCurrency, feeValue }: TradeFigures,
): { charged: Decimal; realised: Decimal } {
  const isKnown = feeValue !== null;
  const charged = feeValue ?? ZERO;
  if (isKnown) realise(draft, isCash(draft, base) ? quote : base, lossOf(charged));
  if (fee.isNegative()) {
    const cost = charged.negated();
    const quantity = fee.negated();
    acquire(draft, feeCurrency, { quantity, cost, grossCost: cost, assumed: !isKnown });
    return { charged, realised: ZERO };
  }
  const basis = giveUp(draft, feeCurrency, fee);
  if (!isKnown || isCash(draft, feeCurrency)) return { charged, realised: ZERO };
  const net = charged.minus(basis.cost);
  realise(draft, feeCurrency, { net, gross: charged.minus(basis.grossCost) });
  return { charged, realised: net };
}

/** Fees touch the net profit alone. */
function lossOf(charged: Decimal): Value {
  return { net: charged.negated(), gross: ZERO };
}

/** A rebate comes first, so that no running balance falls below what the event ends with. */
function postTrade({ ledger }: Draft, { side, quantity, fee }: Trade, figures: TradeFigures): void {
  const { base, quote, quoteAmount, feeCurrency } = figures;
  if (fee.isNegative()) {
    transfer(ledger, { asset: feeCurrency, amount: fee.negated(), from: "rebates", to: "held" });
  }
  if (side === "buy") {
    transfer(ledger, { asset: base, amount: quantity, from: "trading", to: "held" });
    transfer(ledger, { asset: quote, amount: quoteAmount, from: "held", to: "trading" });
  } else {
    transfer(ledger, { asset: quote, amount: quoteAmount, from: "trading", to: "held" });
    transfer(ledger, { asset: base, amount: quantity, from: "held", to: "trading" });
  }
  if (fee.gt(0)) transfer(ledger, { asset: feeCurrency, amount: fee, from: "held", to: "fees" });
}
