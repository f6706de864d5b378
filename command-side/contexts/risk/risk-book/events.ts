export type {
  AssessedPosition,
  LimitValue,
  RiskAssessed,
  RiskEvent,
  RiskLimitSet,
} from "../../../../schemas/generated/risk.ts";
