export type {
  AssessedPosition,
  RiskAssessed,
  RiskEvent,
  RiskLimitSet,
} from "../../../../schemas/generated/risk.ts";
