import {
  parseInstrumentId,
  type SpotInstrument,
} from "../../../../platform/fields/spot-instrument.ts";
import {
  type Answer,
  accepted,
  type Decision,
  type DecisionContext,
} from "../../../../platform/kernel/decider.ts";
import {
  type Decimal,
  decimalText,
  isInRange,
  ONE,
  product,
  ZERO,
} from "../../../../platform/kernel/decimal.ts";
import { exposures, leverageOf } from "../../../../platform/risk/exposure.ts";
import type { InstrumentFact } from "../../../facts.ts";
import type { CheckOrder } from "./commands.ts";
import type { RiskAssessed, RiskEvent } from "./events.ts";
import type { RiskFacts } from "./facts.ts";
import type { LimitKind } from "./limit-kinds.ts";
import type { Limit, RiskBook } from "./state.ts";

type Order = CheckOrder["data"];
type SpotPair = Pick<SpotInstrument, "base" | "quote">;

/** Why an order may not be placed, with the figures of both sides. */
interface Denial {
  readonly code: string;
  readonly detail: string;
}

/** What the order would make of the positions, by the prices of the last assessment. */
interface Outcome {
  /** In the base currency. */
  readonly notional: Decimal;
  readonly values: ReadonlyMap<string, Decimal>;
  readonly grossBefore: Decimal;
  readonly grossAfter: Decimal;
  readonly equity: Decimal;
}

/**
 * Every reason there is, in the order instrument, trading state, steps and least sizes,
 * reduce-only, balance, limits after the order. Nothing is reserved: two orders that are checked
 * before either is recorded may both be let through.
 */
export function checkOrder(
  state: RiskBook,
  { data: order }: CheckOrder,
  { nowMs, facts }: DecisionContext<RiskFacts>,
): Decision<RiskEvent> {
  const { base, quote } = parseInstrumentId(order.instrumentId);
  const outcome =
    state.assessed === null ? null : outcomeOf(order, { base, quote }, state.assessed);
  const denials: Denial[] = [
    ...instrumentDenials(order, facts.instrument?.value ?? null, nowMs),
    ...balanceDenials(order, { base, quote }, facts),
    ...(outcome === null
      ? [denial("NOT_ASSESSED", `no assessment prices ${base} and ${quote} yet`)]
      : exposureDenials(state, order, outcome)),
  ];
  const answer = answerOf(denials, outcome);
  if (denials.length === 0) return accepted([], answer);
  const { instrumentId, side, quantity, price } = order;
  const codes = denials.map(({ code }) => code);
  const denied = { instrumentId, side, quantity, price, codes };
  return accepted([{ type: "OrderDenied", data: denied, occurredAtMs: nowMs }], answer);
}

function answerOf(denials: readonly Denial[], outcome: Outcome | null): Answer {
  const figures = outcome && {
    notional: decimalText(outcome.notional),
    grossExposureBefore: decimalText(outcome.grossBefore),
    grossExposureAfter: decimalText(outcome.grossAfter),
    leverageAfter: leverageOf(outcome.grossAfter, outcome.equity),
  };
  return { allowed: denials.length === 0, reasons: denials, ...figures };
}

function instrumentDenials(
  { quantity, price }: Order,
  instrument: InstrumentFact | null,
  nowMs: number,
): Denial[] {
  if (instrument === null)
    return [denial("INSTRUMENT_UNKNOWN", "the instrument is not registered")];
  const { delistedFromMs, priceStep, quantityStep, minQuantity, minNotional } = instrument;
  const found: Denial[] = [];
  if (delistedFromMs !== null && delistedFromMs <= nowMs) {
    found.push(denial("INSTRUMENT_DELISTED", "the instrument is delisted"));
  }
  if (!price.mod(priceStep).isZero()) {
    found.push(denial("PRICE_OFF_STEP", `prices go by ${decimalText(priceStep)}`));
  }
  if (!quantity.mod(quantityStep).isZero()) {
    found.push(denial("QUANTITY_OFF_STEP", `quantities go by ${decimalText(quantityStep)}`));
  }
  if (minQuantity !== null && quantity.lt(minQuantity)) {
    found.push(denial("QUANTITY_TOO_SMALL", `the least is ${decimalText(minQuantity)}`));
  }
  const notional = quantity.times(price);
  if (minNotional !== null && notional.lt(minNotional)) {
    found.push(denial("NOTIONAL_TOO_SMALL", `the least is ${decimalText(minNotional)}`));
  }
  return found;
}

/** Without the fee, which is known only when the order is filled. */
function balanceDenials(
  { side, quantity, price }: Order,
  { base, quote }: SpotPair,
  { portfolio }: RiskFacts,
): Denial[] {
  if (portfolio?.value?.isOpen !== true) {
    return [denial("PORTFOLIO_NOT_OPEN", "the portfolio is not open")];
  }
  const [asset, required] = side === "buy" ? [quote, quantity.times(price)] : [base, quantity];
  const held = portfolio.value.holdings.find((one) => one.asset === asset)?.quantity ?? ZERO;
  if (held.gte(required)) return [];
  const figures = `required ${decimalText(required)} ${asset}, available ${decimalText(held)}`;
  return [denial("INSUFFICIENT_BALANCE", figures)];
}

function exposureDenials(state: RiskBook, order: Order, outcome: Outcome): Denial[] {
  const increases = outcome.grossAfter.gt(outcome.grossBefore);
  const found: Denial[] = [];
  if (state.tradingState === "halted") {
    found.push(denial("TRADING_HALTED", "the trading state is halted"));
  }
  if (increases && state.tradingState === "reducing") {
    found.push(denial("TRADING_REDUCING", "only orders that reduce exposure are let through"));
  }
  if (increases && order.reduceOnly) {
    found.push(denial("NOT_REDUCING", "the order is reduce-only and would increase exposure"));
  }
  if (!increases) return found;
  const limits = [...state.limits.values()];
  return [...found, ...limits.flatMap((limit) => limitDenials(limit, outcome))];
}

/** A breached limit stops as its action says; one that the order would break stops it, too. */
function limitDenials({ definition, state, breachId }: Limit, outcome: Outcome): Denial[] {
  const { limitId, limit, kind, asset, action } = definition;
  if (action === "alert") return [];
  if (state === "breached")
    return [denial("LIMIT_BREACHED", `${limitId} is breached: ${breachId}`)];
  const after = valueAfter(kind as LimitKind, asset, outcome);
  if (after === null || after.lt(limit)) return [];
  const figures = `${limitId} would be ${decimalText(after)}, the limit is ${decimalText(limit)}`;
  return [denial("LIMIT_WOULD_BREAK", figures)];
}

/** null: an order does not change what the limit measures. */
function valueAfter(kind: LimitKind, asset: string | null, outcome: Outcome): Decimal | null {
  const { values, grossAfter, equity, notional } = outcome;
  const largest = [...values]
    .filter(([held]) => asset === null || held === asset)
    .reduce((most, [, value]) => (value.gt(most) ? value : most), ZERO);
  switch (kind) {
    case "order_notional":
      return notional;
    case "gross_exposure":
      return grossAfter;
    case "position_notional":
      return largest;
    case "leverage":
      return equity.gt(0) ? grossAfter.div(equity) : null;
    case "concentration":
      return grossAfter.isZero() ? ZERO : largest.div(grossAfter);
    case "open_positions":
      return ONE.times([...values.values()].filter((value) => !value.isZero()).length);
    default:
      return null;
  }
}

/** null: no price leads from the quote currency to the base currency. */
function outcomeOf(
  order: Order,
  { base, quote }: SpotPair,
  assessed: RiskAssessed,
): Outcome | null {
  const { baseCurrency, positions, equity } = assessed;
  const priced = positions.find(({ asset }) => asset === quote)?.price ?? null;
  const rate = quote === baseCurrency ? ONE : priced;
  if (rate === null) return null;
  const notional = product(product(order.quantity, order.price), rate);
  if (!isInRange(notional)) return null;
  const signed = order.side === "buy" ? notional : notional.negated();
  const values = new Map(positions.map(({ asset, value }) => [asset, value ?? ZERO]));
  const add = (asset: string, amount: Decimal) => {
    if (asset !== baseCurrency) values.set(asset, (values.get(asset) ?? ZERO).plus(amount));
  };
  add(base, signed);
  add(quote, signed.negated());
  const after = exposures([...values].map(([asset, value]) => ({ asset, value })));
  return { notional, values, grossBefore: assessed.grossExposure, grossAfter: after.gross, equity };
}

function denial(code: string, detail: string): Denial {
  return { code, detail };
}
