import { decimalText } from "../../platform/kernel/decimal.ts";
import type { RiskEvent } from "../../schemas/generated/risk.ts";
import type { Projection } from "../runner/projection.ts";
import { tables } from "./store.ts";

/** What each portfolio was worth whenever it was assessed. */
export const equityCurve: Projection<RiskEvent> = {
  name: "equity-curve",
  version: 1,
  topics: ["risk.events"],
  tables,
  project({ aggregateId: portfolioId, sequence, event }) {
    if (event.type !== "RiskAssessed") return [];
    const { asOfMs: atMs, nav, drawdown, complete } = event.data;
    const equity = decimalText(event.data.equity);
    return [
      { table: "points", row: { portfolioId, atMs, sequence, equity, nav, drawdown, complete } },
    ];
  },
};
