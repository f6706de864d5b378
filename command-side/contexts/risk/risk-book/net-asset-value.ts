import { type Decimal, product, ZERO } from "../../../../platform/kernel/decimal.ts";
import { bucketStart } from "../../../../platform/market/interval.ts";
import { beginDrawdown, nextDrawdown } from "../../../../platform/risk/drawdown.ts";
import type { AssessRisk } from "./commands.ts";
import type { RiskAssessed } from "./events.ts";

type Flows = AssessRisk["data"]["flows"];

/** The part of an assessment that follows the portfolio through time. */
type Course = Pick<
  RiskAssessed,
  | "flow"
  | "flows"
  | "units"
  | "nav"
  | "peakNav"
  | "peakAtMs"
  | "drawdown"
  | "maxDrawdown"
  | "maxDrawdownPeakAtMs"
  | "maxDrawdownAtMs"
  | "dayOpenNav"
  | "closedDay"
>;

interface Valuation {
  readonly equity: Decimal;
  readonly flows: Flows;
  /** Of one unit in the base currency; null: not known. */
  readonly priceOf: (asset: string) => Decimal | null;
  readonly asOfMs: number;
}

const START_NAV = 1;

/**
 * Equity per unit. Inflows buy units at the NAV of the moment, so that neither deposits nor
 * withdrawals are profit or loss; the first deposit buys them at 1, so that the peak begins with
 * the starting balance. A flow of an asset without a price waits until it has one.
 */
export function followCourse(before: RiskAssessed | null, valuation: Valuation): Course {
  const { equity, asOfMs } = valuation;
  const { flow, flows } = inflow(before?.flows ?? [], valuation);
  const { nav, units, restarted } = unitise(before, equity, flow);
  const followed = restarted || before === null ? null : drawdownOf(before);
  const drawdown = nextDrawdown(followed ?? beginDrawdown(START_NAV, asOfMs), nav, asOfMs);
  return {
    flow,
    flows,
    units,
    nav,
    peakNav: drawdown.peak,
    peakAtMs: drawdown.peakAtMs,
    drawdown: drawdown.fraction,
    maxDrawdown: drawdown.deepest.fraction,
    maxDrawdownPeakAtMs: drawdown.deepest.peakAtMs,
    maxDrawdownAtMs: drawdown.deepest.troughAtMs,
    ...dayOf(before, { nav, asOfMs }),
  };
}

/** While a price is missing the course stands still: half a portfolio has no NAV. */
export function standStill(before: RiskAssessed | null, asOfMs: number): Course {
  if (before !== null) return { ...courseOf(before), flow: ZERO, closedDay: null };
  const nothing = { flow: ZERO, flows: [], units: 0, nav: START_NAV, drawdown: 0, maxDrawdown: 0 };
  return {
    ...nothing,
    peakNav: START_NAV,
    peakAtMs: asOfMs,
    maxDrawdownPeakAtMs: asOfMs,
    maxDrawdownAtMs: asOfMs,
    dayOpenNav: START_NAV,
    closedDay: null,
  };
}

function courseOf(assessed: RiskAssessed): Course {
  const { flow, flows, units, nav, peakNav, peakAtMs, drawdown, maxDrawdown } = assessed;
  const { maxDrawdownPeakAtMs, maxDrawdownAtMs, dayOpenNav, closedDay } = assessed;
  const course = { flow, flows, units, nav, peakNav, peakAtMs, drawdown, maxDrawdown };
  return { ...course, maxDrawdownPeakAtMs, maxDrawdownAtMs, dayOpenNav, closedDay };
}

/** Net inflow that NAV does not count yet, at today's prices, and what it counts afterwards. */
function inflow(seen: Flows, { flows, priceOf }: Valuation): Pick<Course, "flow" | "flows"> {
  const counted = new Map(seen.map(({ asset, net }) => [asset, net]));
  let flow = ZERO;
  for (const { asset, net } of flows) {
    const price = priceOf(asset);
    if (price === null) continue;
    flow = flow.plus(product(net.minus(counted.get(asset) ?? ZERO), price));
    counted.set(asset, net);
  }
  return { flow, flows: [...counted].map(([asset, net]) => ({ asset, net })) };
}

/**
 * What was lost altogether is a NAV of 0: its units stay, so that a price that comes back is a
 * recovery. What comes in then cannot buy units at 0, and begins anew.
 */
function unitise(
  before: RiskAssessed | null,
  equity: Decimal,
  flow: Decimal,
): { readonly nav: number; readonly units: number; readonly restarted: boolean } {
  const [nav, units] = [before?.nav ?? START_NAV, before?.units ?? 0];
  const worth = equity.toNumber();
  if (units === 0) {
    const bought = flow.toNumber() / nav;
    const hasUnits = bought > 0 && worth > 0;
    return { nav: hasUnits ? worth / bought : nav, units: hasUnits ? bought : 0, restarted: false };
  }
  const withoutFlow = equity.minus(flow).toNumber();
  if (withoutFlow <= 0) {
    const restarted = flow.gt(0) && worth > 0;
    return restarted ? { nav: START_NAV, units: worth, restarted } : { nav: 0, units, restarted };
  }
  const now = withoutFlow / units;
  return { nav: now, units: flow.isZero() ? units : Math.max(0, worth / now), restarted: false };
}

function drawdownOf(before: RiskAssessed) {
  const { peakNav, peakAtMs, drawdown, maxDrawdown } = before;
  return {
    peak: peakNav,
    peakAtMs,
    fraction: drawdown,
    deepest: {
      fraction: maxDrawdown,
      peakAtMs: before.maxDrawdownPeakAtMs,
      troughAtMs: before.maxDrawdownAtMs,
    },
  };
}

/** The first assessment of a UTC day closes the day of the one before with that one's NAV. */
function dayOf(
  before: RiskAssessed | null,
  { nav, asOfMs }: { readonly nav: number; readonly asOfMs: number },
): Pick<Course, "dayOpenNav" | "closedDay"> {
  if (before === null) return { dayOpenNav: Math.max(START_NAV, nav), closedDay: null };
  const [dayMs, lastDayMs] = [bucketStart(asOfMs, "1d"), bucketStart(before.asOfMs, "1d")];
  if (dayMs === lastDayMs) return { dayOpenNav: before.dayOpenNav, closedDay: null };
  return { dayOpenNav: before.nav, closedDay: { dayMs: lastDayMs, nav: before.nav } };
}
