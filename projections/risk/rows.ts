import {
  double,
  doubleOrNull,
  flag,
  integer,
  integerOrNull,
  type SqlRow,
  text,
  textOrNull,
} from "../runner/sql-row.ts";
import type { Assessment, Breach, Position, RiskLimit, TailRisk } from "./store.ts";

export function assessmentOf(row: SqlRow, positions: readonly Position[]): Assessment {
  return {
    assessedAtMs: integer(row, "assessedAtMs"),
    asOfMs: integer(row, "asOfMs"),
    trigger: text(row, "trigger"),
    portfolioSequence: integer(row, "portfolioSequence"),
    minuteMs: integerOrNull(row, "minuteMs"),
    baseCurrency: text(row, "baseCurrency"),
    equity: text(row, "equity"),
    cash: text(row, "cash"),
    grossExposure: text(row, "grossExposure"),
    netExposure: text(row, "netExposure"),
    complete: flag(row, "complete"),
    nav: double(row, "nav"),
    peakNav: double(row, "peakNav"),
    peakAtMs: integer(row, "peakAtMs"),
    drawdown: double(row, "drawdown"),
    maxDrawdown: double(row, "maxDrawdown"),
    leverage: doubleOrNull(row, "leverage"),
    concentration: doubleOrNull(row, "concentration"),
    herfindahl: doubleOrNull(row, "herfindahl"),
    returns: integer(row, "returns"),
    volatility: doubleOrNull(row, "volatility"),
    tails: JSON.parse(text(row, "tails")) as TailRisk[],
    positions,
  };
}

export function positionOf(row: SqlRow): Position {
  return {
    asset: text(row, "asset"),
    quantity: text(row, "quantity"),
    price: textOrNull(row, "price"),
    priceAtMs: integerOrNull(row, "priceAtMs"),
    instrumentId: textOrNull(row, "instrumentId"),
    value: textOrNull(row, "value"),
    share: double(row, "share"),
  };
}

export function limitOf(row: SqlRow): RiskLimit {
  return {
    portfolioId: text(row, "portfolioId"),
    limitId: text(row, "limitId"),
    kind: text(row, "kind"),
    asset: textOrNull(row, "asset"),
    warnAt: textOrNull(row, "warnAt"),
    limit: text(row, "limitAt"),
    action: text(row, "action"),
    hysteresis: text(row, "hysteresis"),
    setAtMs: integer(row, "setAtMs"),
    state: text(row, "state"),
    breachId: textOrNull(row, "breachId"),
    value: textOrNull(row, "value"),
    usage: doubleOrNull(row, "usage"),
  };
}

export function breachOf(row: SqlRow): Breach {
  return {
    breachId: text(row, "breachId"),
    sequence: integer(row, "sequence"),
    limitId: text(row, "limitId"),
    kind: text(row, "kind"),
    asset: textOrNull(row, "asset"),
    value: text(row, "value"),
    limit: text(row, "limitAt"),
    action: text(row, "action"),
    breachedAtMs: integer(row, "breachedAtMs"),
    endedAtMs: integerOrNull(row, "endedAtMs"),
    how: textOrNull(row, "how"),
    acknowledgedAtMs: integerOrNull(row, "acknowledgedAtMs"),
    note: textOrNull(row, "note"),
  };
}
