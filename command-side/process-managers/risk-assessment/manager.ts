import type { ProcessManager } from "../manager.ts";
import { RiskPlanner } from "./planner.ts";
import { riskAssessment } from "./projection.ts";

/** Has portfolios assessed after their events, after each minute, and after imports. */
export const riskAssessmentManager: ProcessManager<unknown> = {
  projection: riskAssessment,
  targets: ["risk-book"],
  planner: (parts) => new RiskPlanner(parts),
};
