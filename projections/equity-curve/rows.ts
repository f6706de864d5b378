import { double, flag, integer, type SqlRow, text } from "../runner/sql-row.ts";
import type { EquityPoint } from "./store.ts";

export function pointOf(row: SqlRow): EquityPoint {
  return {
    atMs: integer(row, "atMs"),
    sequence: integer(row, "sequence"),
    equity: text(row, "equity"),
    nav: double(row, "nav"),
    drawdown: double(row, "drawdown"),
    complete: flag(row, "complete"),
  };
}
