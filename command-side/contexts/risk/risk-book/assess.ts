import {
  accepted,
  type Decision,
  type DecisionContext,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { type Decimal, isInRange, ONE, ZERO } from "../../../../platform/kernel/decimal.ts";
import { MINUTE_MS } from "../../../../platform/market/interval.ts";
import {
  concentrationOf,
  exposures,
  leverageOf,
  withShares,
} from "../../../../platform/risk/exposure.ts";
import {
  annualised,
  deviationOf,
  FEWEST_RETURNS,
  returnsOf,
} from "../../../../platform/risk/returns.ts";
import { tailRisksOf } from "../../../../platform/risk/tail-risk.ts";
import type { AssessRisk } from "./commands.ts";
import type { AssessedPosition, RiskAssessed, RiskEvent } from "./events.ts";
import { transitionsOf } from "./lifecycle.ts";
import { limitValuesOf } from "./limit-values.ts";
import { followCourse, standStill } from "./net-asset-value.ts";
import type { RiskBook } from "./state.ts";

type Sent = AssessRisk["data"];

/** An assessment, and every limit whose state it changes. */
export function assessRisk(
  state: RiskBook,
  sent: Sent,
  context: DecisionContext,
): Decision<RiskEvent> {
  const stale = staleness(state.assessed, sent);
  if (stale !== null) return refused("ASSESSMENT_STALE", stale);
  const measured = measure(state, sent, context.nowMs);
  if (!isInRange(measured.grossExposure) || !isInRange(measured.equity)) {
    return refused("RISK_VALUE_TOO_LARGE", "the portfolio's value has over 20 digits");
  }
  const limits = limitValuesOf(state, measured);
  const assessed: RiskAssessed = {
    ...measured,
    limits: limits.map(({ limitId, value, usage }) => ({ limitId, value, usage })),
  };
  return accepted([
    { type: "RiskAssessed", data: assessed, occurredAtMs: context.nowMs },
    ...transitionsOf(limits, { cause: "assessment", assessed, nowMs: context.nowMs }),
  ]);
}

/** Each minute once, and no state of the portfolio after a later one. */
function staleness(before: RiskAssessed | null, sent: Sent): string | null {
  if (before === null) return null;
  const { portfolioSequence, minuteAt } = sent;
  if (portfolioSequence < before.portfolioSequence) {
    return `event ${before.portfolioSequence} of the portfolio is in the last assessment, this is ${portfolioSequence}`;
  }
  const lastMs = before.minuteMs;
  if (minuteAt === null || lastMs === null || minuteAt > lastMs) return null;
  return `minute ${new Date(lastMs).toISOString()} was assessed, this is ${new Date(minuteAt).toISOString()}`;
}

type Measured = Omit<RiskAssessed, "limits">;

function measure({ assessed: before, closes }: RiskBook, sent: Sent, nowMs: number): Measured {
  const { trigger, portfolioSequence, minuteAt, baseCurrency, holdings } = sent;
  const positions = positionsOf(sent);
  const { gross, net } = exposures(positions);
  const cash = holdings.find(({ asset }) => asset === baseCurrency)?.quantity ?? ZERO;
  const equity = cash.plus(net);
  const complete = positions.every(({ value }) => value !== null);
  const measuredAtMs = minuteAt === null ? nowMs : minuteAt + MINUTE_MS;
  const asOfMs = Math.max(measuredAtMs, before?.asOfMs ?? 0);
  const valuation = { equity, flows: sent.flows, priceOf: priceIn(sent), asOfMs };
  const course = complete ? followCourse(before, valuation) : standStill(before, asOfMs);
  const concentration = concentrationOf(positions.map(({ share }) => share));
  return {
    trigger,
    portfolioSequence,
    minuteMs: minuteAt ?? before?.minuteMs ?? null,
    asOfMs,
    baseCurrency,
    equity,
    cash,
    grossExposure: gross,
    netExposure: net,
    positions,
    complete,
    ...course,
    leverage: leverageOf(gross, equity),
    concentration: concentration?.largest ?? null,
    herfindahl: concentration?.herfindahl ?? null,
    ...tailAfter(before, course.closedDay, closes),
  };
}

/** Beside the base currency, in the order sent. */
function positionsOf({ baseCurrency, holdings, prices }: Sent): readonly AssessedPosition[] {
  const quoted = new Map(prices.map((price) => [price.asset, price]));
  const held = holdings.filter(({ asset }) => asset !== baseCurrency);
  return withShares(
    held.map(({ asset, quantity }) => {
      const { price = null, at: priceAtMs = null, instrumentId = null } = quoted.get(asset) ?? {};
      return { asset, quantity, price, priceAtMs, instrumentId };
    }),
  );
}

function priceIn({ baseCurrency, prices }: Sent): (asset: string) => Decimal | null {
  const known = new Map(prices.map(({ asset, price }) => [asset, price]));
  return (asset) => (asset === baseCurrency ? ONE : (known.get(asset) ?? null));
}

type Tail = Pick<RiskAssessed, "returns" | "volatility" | "tails">;

/** Measured when a day has closed; until the next it stays as it is. */
function tailAfter(
  before: RiskAssessed | null,
  closedDay: RiskAssessed["closedDay"],
  closes: readonly number[],
): Tail {
  if (closedDay !== null) return tailOf([...closes, closedDay.nav]);
  if (before === null) return tailOf(closes);
  const { returns, volatility, tails } = before;
  return { returns, volatility, tails };
}

/** Of daily closes of NAV; what too few returns would say is left out. */
function tailOf(closes: readonly number[]): Tail {
  const returns = returnsOf(closes);
  if (returns.length < FEWEST_RETURNS)
    return { returns: returns.length, volatility: null, tails: [] };
  const volatility = annualised(deviationOf(returns));
  return { returns: returns.length, volatility, tails: tailRisksOf(returns) };
}
