import { refused } from "../../../../platform/kernel/decider.ts";
import { type Decimal, isInRange } from "../../../../platform/kernel/decimal.ts";
import type { Draft } from "./draft.ts";
import type { Holding } from "./holding.ts";
import { MAX_ASSETS, MAX_OPEN_LOTS_PER_ASSET } from "./limits.ts";
import { countOpenLots } from "./lots.ts";
import { lotsOf } from "./open-state.ts";
import type { Refused } from "./shortfall.ts";

/** Refuses what the event could not hold, or the portfolio not keep. */
export function refuseUnrecordable(
  draft: Draft,
  results: readonly (Decimal | null)[],
): Refused | null {
  if (!results.every(isNullOrInRange) || !areFiguresInRange(draft)) {
    return refused("AMOUNT_TOO_LARGE", "a resulting figure does not fit 38 digits, 18 places");
  }
  const crowded = draft.lotsOpened.find(({ asset }) => {
    return countOpenLots(lotsOf(draft.state, asset)) >= MAX_OPEN_LOTS_PER_ASSET;
  });
  if (crowded) {
    const { asset } = crowded;
    const detail = `${asset} has ${MAX_OPEN_LOTS_PER_ASSET} open lots, the most there may be`;
    return refused("TOO_MANY_LOTS", detail, { asset, limit: MAX_OPEN_LOTS_PER_ASSET });
  }
  return isOverAssetLimit(draft)
    ? refused("TOO_MANY_ASSETS", `a portfolio holds at most ${MAX_ASSETS} assets`, {
        limit: MAX_ASSETS,
      })
    : null;
}

function isNullOrInRange(figure: Decimal | null): boolean {
  return figure === null || isInRange(figure);
}

function areFiguresInRange({ ledger, holdings }: Draft): boolean {
  for (const { amount, balance } of ledger.postings) {
    if (!isInRange(amount) || !isInRange(balance)) return false;
  }
  for (const holding of holdings.values()) {
    if (!isHoldingInRange(holding)) return false;
  }
  return true;
}

function isHoldingInRange(holding: Holding): boolean {
  const { quantity, cost, grossCost, realisedNet, realisedGross } = holding;
  return [quantity, cost, grossCost, realisedNet, realisedGross].every(isInRange);
}

function isOverAssetLimit({ state, holdings }: Draft): boolean {
  let assets = state.holdings.size;
  for (const asset of holdings.keys()) if (!state.holdings.has(asset)) assets += 1;
  return assets > MAX_ASSETS;
}
