import { decimalText } from "../../../platform/kernel/decimal.ts";
import type { Rates } from "../../../platform/market/rates.ts";
import { commandIdOf } from "../command-id.ts";
import type { Cause, PlannedCommand } from "../manager.ts";

/** A portfolio as its events have left it. */
export interface KnownPortfolio {
  readonly portfolioId: string;
  readonly baseCurrency: string;
  /** The sequence of its newest event. */
  readonly sequence: number;
  /** Of assets that are held, decimals as text, in order of the asset. */
  readonly holdings: readonly { readonly asset: string; readonly quantity: string }[];
  readonly flows: readonly { readonly asset: string; readonly net: string }[];
}

/** What an assessment is made for. `minuteMs` is the opening time of the minute. */
export type Trigger =
  | { readonly trigger: "portfolio" | "import" }
  | { readonly trigger: "minute"; readonly minuteMs: number };

/** The payload of `AssessRisk`: all that the risk book decides with. */
export interface AssessRiskPayload {
  readonly trigger: Trigger["trigger"];
  readonly portfolioSequence: number;
  readonly minuteAt: string | null;
  readonly baseCurrency: string;
  readonly holdings: KnownPortfolio["holdings"];
  /** One unit in the base currency; assets without a price are left out. */
  readonly prices: readonly {
    readonly asset: string;
    readonly price: string;
    readonly at: string;
    /** `null`: made of the prices of two. */
    readonly instrumentId: string | null;
  }[];
  readonly flows: KnownPortfolio["flows"];
}

const STEP = "assess";

/** The command for one portfolio at these rates. */
export function assessRisk(
  portfolio: KnownPortfolio,
  rates: Rates,
  { cause, ...trigger }: Trigger & { readonly cause: Cause },
): PlannedCommand {
  const { portfolioId, baseCurrency, sequence, holdings, flows } = portfolio;
  const isMinute = trigger.trigger === "minute";
  const payload: AssessRiskPayload = {
    trigger: trigger.trigger,
    portfolioSequence: sequence,
    minuteAt: isMinute ? timeText(trigger.minuteMs) : null,
    baseCurrency,
    holdings,
    prices: pricesOf(portfolio, rates),
    flows,
  };
  const causedBy = isMinute ? `minute ${trigger.minuteMs}` : cause.eventId;
  return {
    aggregate: "risk-book",
    aggregateId: portfolioId,
    type: "AssessRisk",
    payload,
    commandId: commandIdOf(`${portfolioId}|${causedBy}`, STEP),
    cause,
  };
}

/** A price that it is assessed with is made of one of these. */
export function isPricedBy(
  { baseCurrency, holdings }: KnownPortfolio,
  rates: Rates,
  instrumentIds: ReadonlySet<string>,
): boolean {
  return holdings.some(({ asset }) => {
    if (asset === baseCurrency) return false;
    const rate = rates.rate(asset, baseCurrency);
    return rate?.instrumentIds.some((id) => instrumentIds.has(id)) ?? false;
  });
}

/** Flows count too: a deposit of an asset that is no longer held still has its worth. */
function pricesOf(
  { baseCurrency, holdings, flows }: KnownPortfolio,
  rates: Rates,
): AssessRiskPayload["prices"] {
  const assets = new Set([...holdings, ...flows].map(({ asset }) => asset));
  assets.delete(baseCurrency);
  return [...assets].sort().flatMap((asset) => {
    const rate = rates.rate(asset, baseCurrency);
    if (rate === null) return [];
    const [only = null, ...others] = rate.instrumentIds;
    const instrumentId = others.length === 0 ? only : null;
    return [{ asset, price: decimalText(rate.price), at: timeText(rate.atMs), instrumentId }];
  });
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
