import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { decimalText } from "../../platform/kernel/decimal.ts";
import type {
  AssessedPosition,
  LimitBreached,
  LimitCleared,
  LimitWarned,
  RiskAssessed,
  RiskEvent,
  RiskLimitRemoved,
  RiskLimitReset,
  RiskLimitSet,
} from "../../schemas/generated/risk.ts";
import { optionalDecimalText } from "../runner/column-text.ts";
import type { Change, Projection } from "../runner/projection.ts";
import { tables } from "./store.ts";

/** The last assessment of each portfolio, its limits with their states, and all breaches. */
export const risk: Projection<RiskEvent> = {
  name: "risk",
  version: 3,
  // What is measured against a limit stands in the events that set or reset it, too; and rows know
  // where they began.
  changes: { since: 1, differs: ["limitValues"] },
  topics: ["risk.events"],
  tables,
  project(recorded) {
    const { aggregateId: portfolioId, sequence } = recorded;
    return [...changesOf(recorded), { table: "versions", row: { portfolioId, version: sequence } }];
  },
};

interface Place {
  readonly portfolioId: string;
  readonly sequence: number;
  readonly occurredAtMs: number;
}

function changesOf({ aggregateId, sequence, event }: RecordedEvent<RiskEvent>): Change[] {
  const { occurredAtMs } = event;
  const at: Place = { portfolioId: aggregateId, sequence, occurredAtMs };
  const { portfolioId } = at;
  switch (event.type) {
    case "RiskAssessed":
      return assessed(at, event.data);
    case "RiskLimitSet":
      return limitSet(at, event.data);
    case "RiskLimitReset":
      return limitValue(portfolioId, event.data);
    case "RiskLimitRemoved":
      return limitRemoved(at, event.data);
    case "LimitWarned":
      return [...transition(at, "warned", event.data), ...breachEnd(at, event.data, "cleared")];
    case "LimitCleared":
      return [...transition(at, "ok", event.data), ...breachEnd(at, event.data, "cleared")];
    case "LimitBreached":
      return [...transition(at, "breached", event.data), breach(at, event.data)];
    case "BreachAcknowledged": {
      const { breachId, note } = event.data;
      const row = { portfolioId, breachId, sequence, note, acknowledgedAtMs: occurredAtMs };
      return [{ table: "acknowledgements", row }];
    }
    case "TradingStateChanged": {
      const row = { portfolioId, state: event.data.to, reason: event.data.reason };
      return [{ table: "tradingStates", row: { ...row, changedAtMs: occurredAtMs } }];
    }
    default:
      return [];
  }
}

function assessed(at: Place, data: RiskAssessed): Change[] {
  const { portfolioId, sequence, occurredAtMs } = at;
  return [
    { table: "assessments", row: { portfolioId, assessedAtMs: occurredAtMs, ...figures(data) } },
    { table: "assessedVersions", row: { portfolioId, sequence } },
    ...data.positions.map((position) => positionChange(at, position)),
    ...data.limits.map(({ limitId, value, usage }) => ({
      table: "limitValues",
      row: { portfolioId, limitId, value: optionalDecimalText(value), usage, atMs: data.asOfMs },
    })),
  ];
}

function figures(data: RiskAssessed) {
  const { asOfMs, trigger, portfolioSequence, minuteMs, baseCurrency, complete } = data;
  const { nav, peakNav, peakAtMs, drawdown, maxDrawdown } = data;
  const { leverage, concentration, herfindahl, returns, volatility } = data;
  return {
    ...{ asOfMs, trigger, portfolioSequence, minuteMs, baseCurrency },
    equity: decimalText(data.equity),
    cash: decimalText(data.cash),
    grossExposure: decimalText(data.grossExposure),
    netExposure: decimalText(data.netExposure),
    ...{ complete, nav, peakNav, peakAtMs, drawdown, maxDrawdown },
    ...{ leverage, concentration, herfindahl, returns, volatility },
    tails: JSON.stringify(data.tails),
  };
}

function positionChange({ portfolioId, sequence }: Place, position: AssessedPosition): Change {
  const { asset, quantity, price, priceAtMs, instrumentId, value, share } = position;
  return {
    table: "positions",
    row: {
      portfolioId,
      asset,
      sequence,
      quantity: decimalText(quantity),
      price: optionalDecimalText(price),
      priceAtMs,
      instrumentId,
      value: optionalDecimalText(value),
      share,
    },
  };
}

function limitSet({ portfolioId, occurredAtMs }: Place, data: RiskLimitSet): Change[] {
  const { limitId, kind, asset, action } = data;
  const row = { portfolioId, limitId, kind, asset, action, setAtMs: occurredAtMs };
  const bounds = {
    warnAt: optionalDecimalText(data.warnAt),
    limitAt: decimalText(data.limit),
    hysteresis: decimalText(data.hysteresis),
  };
  return [{ table: "limits", row: { ...row, ...bounds } }, ...limitValue(portfolioId, data)];
}

/** Events of the first version do not say it; the next assessment does. */
function limitValue(
  portfolioId: string,
  { limitId, value, usage, asOfMs }: RiskLimitSet | RiskLimitReset,
): Change[] {
  if (asOfMs === null) return [];
  const measured = { value: optionalDecimalText(value), usage, atMs: asOfMs };
  return [{ table: "limitValues", row: { portfolioId, limitId, ...measured } }];
}

function limitRemoved(at: Place, { limitId, breachId }: RiskLimitRemoved): Change[] {
  const row = { portfolioId: at.portfolioId, limitId };
  return [
    ...["limits", "limitStates", "limitValues"].map((table): Change => {
      return { table, row, deleted: true };
    }),
    ...breachEnd(at, { from: "breached", breachId }, "removed"),
  ];
}

function transition(
  { portfolioId, occurredAtMs }: Place,
  state: "ok" | "warned" | "breached",
  { limitId, breachId, value, limit, asOfMs }: LimitWarned | LimitBreached | LimitCleared,
): Change[] {
  const since = { state, breachId: state === "breached" ? breachId : null, sinceMs: occurredAtMs };
  const usage = value.toNumber() / limit.toNumber();
  const measured = { value: decimalText(value), usage, atMs: asOfMs };
  return [
    { table: "limitStates", row: { portfolioId, limitId, ...since } },
    { table: "limitValues", row: { portfolioId, limitId, ...measured } },
  ];
}

function breach({ portfolioId, sequence, occurredAtMs }: Place, data: LimitBreached): Change {
  const { breachId, limitId, kind, asset, action } = data;
  const figuresOf = { value: decimalText(data.value), limitAt: decimalText(data.limit) };
  const row = { portfolioId, sequence, breachId, limitId, kind, asset, action, ...figuresOf };
  return { table: "breaches", row: { ...row, breachedAtMs: occurredAtMs } };
}

/** Whatever leads out of a breach ends it; a removed limit may not have been breached. */
function breachEnd(
  { portfolioId, sequence, occurredAtMs }: Place,
  { from, breachId }: { readonly from: string; readonly breachId: string | null },
  how: "cleared" | "removed",
): Change[] {
  if (from !== "breached" || breachId === null) return [];
  const row = { portfolioId, breachId, endedBySequence: sequence, endedAtMs: occurredAtMs, how };
  return [{ table: "breachEnds", row }];
}
