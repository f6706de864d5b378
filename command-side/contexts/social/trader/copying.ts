import { accepted, type Decision, mayUse, refused } from "../../../../platform/kernel/decider.ts";
import { type Decimal, decimalText, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { AdjustCopy, PauseCopy, StartCopying, StopCopying } from "./commands.ts";
import type { SocialContext } from "./decide.ts";
import type { Copy, TraderEvent } from "./events.ts";
import { COPIED_TRADERS } from "./limits.ts";
import { obstacleTo, tooManyRelations } from "./relation-rules.ts";

type Decided = Decision<TraderEvent>;
type Refused = Extract<Decided, { outcome: "refused" }>;

/** A repeat comes before every rule: what has changed since does not undo an answer. */
export function startCopying({ data }: StartCopying, context: SocialContext): Decided {
  const { aggregateId, view, nowMs } = context;
  const { leader, portfolioId, allocation, mode, multiplier } = data;
  const known = view.copy(aggregateId, leader);
  if (known !== null) {
    const isSame = known.portfolioId === portfolioId && hasTerms(known, data);
    return isSame ? accepted([]) : refused("COPY_EXISTS", `${leader} is copied on other terms`);
  }
  const obstacle =
    obstacleTo(leader, context) ??
    obstacleOfLeader(leader, context) ??
    obstacleOfPortfolio(portfolioId, allocation, context);
  if (obstacle !== null) return obstacle;
  const terms = { leader, portfolioId, allocation, mode, multiplier };
  const started = { ...terms, startedMs: nowMs, isPaused: false };
  return accepted([{ type: "CopyStarted", data: started, occurredAtMs: nowMs }]);
}

export function adjustCopy({ data }: AdjustCopy, context: SocialContext): Decided {
  const { aggregateId, view, nowMs } = context;
  const { leader, portfolioId, allocation, mode, multiplier } = data;
  const known = view.copy(aggregateId, leader);
  if (known === null) return unknownCopy(leader);
  if (known.portfolioId !== portfolioId) {
    const detail = `${leader} is copied with ${known.portfolioId}; stop that, and begin anew`;
    return refused("COPY_EXISTS", detail, { portfolioId: known.portfolioId });
  }
  if (hasTerms(known, data)) return accepted([]);
  const more = allocation.minus(known.allocation);
  const obstacle = more.gt(ZERO) ? obstacleOfPortfolio(portfolioId, more, context) : null;
  if (obstacle !== null) return obstacle;
  const adjusted = { ...known, allocation, mode, multiplier };
  return accepted([{ type: "CopyAdjusted", data: adjusted, occurredAtMs: nowMs }]);
}

/** A relation that rests counts on for cycles, capacity and cash: resuming needs no check. */
export function pauseCopy({ type, data }: PauseCopy, context: SocialContext): Decided {
  const { aggregateId, view, nowMs } = context;
  const known = view.copy(aggregateId, data.leader);
  if (known === null) return unknownCopy(data.leader);
  const isPaused = type === "PauseCopy";
  if (known.isPaused === isPaused) return accepted([]);
  const event = isPaused ? "CopyPaused" : "CopyResumed";
  return accepted([{ type: event, data: { ...known, isPaused }, occurredAtMs: nowMs }]);
}

export function stopCopying({ data }: StopCopying, context: SocialContext): Decided {
  const { aggregateId, view, nowMs } = context;
  if (view.copy(aggregateId, data.leader) === null) return accepted([]);
  return accepted([{ type: "CopyStopped", data, occurredAtMs: nowMs }]);
}

function hasTerms(
  known: Copy,
  { allocation, mode, multiplier }: Pick<Copy, "allocation" | "mode" | "multiplier">,
): boolean {
  const sameMultiplier = known.multiplier?.toFixed() === multiplier?.toFixed();
  return known.mode === mode && sameMultiplier && known.allocation.eq(allocation);
}

function obstacleOfLeader(leader: string, { aggregateId, view }: SocialContext): Refused | null {
  const profile = view.profiles.get(leader);
  if (profile?.acceptsCopiers !== true) {
    return refused("COPIES_NOT_ACCEPTED", `${leader} lets nobody copy`);
  }
  const copiers = view.copying.to(leader).size;
  if (copiers >= profile.copierLimit) {
    const detail = `${leader} has ${copiers} copiers and lets in ${profile.copierLimit}`;
    return refused("COPIERS_FULL", detail, { copiers, copierLimit: profile.copierLimit });
  }
  if (view.copying.from(aggregateId).size >= COPIED_TRADERS) {
    return tooManyRelations("copies", COPIED_TRADERS);
  }
  if (!view.copiesAcross(leader, aggregateId)) return null;
  const detail = `${leader} copies ${aggregateId}, directly or through others; trades would circle`;
  return refused("COPY_CYCLE", detail);
}

/**
 * Nobody copies with another trader's money, and all that is allocated from a portfolio must be
 * covered by its cash as it was when asked.
 */
function obstacleOfPortfolio(
  portfolioId: string,
  more: Decimal,
  context: SocialContext,
): Refused | null {
  const { aggregateId, facts, view } = context;
  const portfolio = facts?.portfolio.value;
  if (portfolio?.isOpen !== true) {
    return refused("PORTFOLIO_UNUSABLE", `there is no open portfolio ${portfolioId}`);
  }
  const isAnothers = portfolio.owner !== null && portfolio.owner !== aggregateId;
  if (isAnothers || !mayUse(context, portfolio.owner)) {
    return refused("PORTFOLIO_NOT_OWNED", `${portfolioId} belongs to another trader`);
  }
  const allocated = view.allocatedFrom(portfolioId);
  if (allocated.plus(more).lte(portfolio.cash)) return null;
  const [cash, before] = [decimalText(portfolio.cash), decimalText(allocated)];
  return refused(
    "ALLOCATION_NOT_COVERED",
    `${portfolioId} has ${cash} in cash, of which ${before} are allocated; ` +
      `${decimalText(more)} more are not covered`,
    { cash, allocated: before, required: decimalText(more) },
  );
}

function unknownCopy(leader: string): Refused {
  return refused("COPY_UNKNOWN", `${leader} is not copied; begin with start-copying`);
}
