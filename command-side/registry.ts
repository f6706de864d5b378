import type { AggregateDefinition } from "./aggregate.ts";
import { instrument } from "./contexts/market-data/instrument/index.ts";
import { quarantine } from "./contexts/market-data/quarantine/index.ts";
import { projection } from "./contexts/operations/projection/index.ts";
import { portfolio } from "./contexts/portfolio/portfolio/index.ts";
import { riskBook } from "./contexts/risk/risk-book/index.ts";
import { trader } from "./contexts/social/trader/index.ts";
import { strategy } from "./contexts/strategies/strategy/index.ts";

/** Every aggregate of the platform. A new context is a folder and a line here. */
export const aggregates: readonly AggregateDefinition[] = [
  instrument,
  quarantine,
  portfolio,
  trader,
  riskBook,
  strategy,
  projection,
];
