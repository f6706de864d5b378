export type { StrategiesEvent as StrategyEvent } from "../../../../schemas/generated/strategies.ts";
