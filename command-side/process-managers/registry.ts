import { candleRevisionManager } from "./candle-revision/manager.ts";
import type { StoredMinutes } from "./candle-revision/stored-minutes.ts";
import type { ProcessManager } from "./manager.ts";
import { riskAssessmentManager } from "./risk-assessment/manager.ts";

/** What managers read beside the log, given by who starts them. */
export type Sources = StoredMinutes;

/** Every process manager, one line each. */
export const processManagers: readonly ProcessManager<Sources>[] = [
  candleRevisionManager,
  riskAssessmentManager,
];

export function registeredManager(name: string): ProcessManager<Sources> {
  const found = processManagers.find(({ projection }) => projection.name === name);
  if (found === undefined) throw new RangeError(`no process manager ${name} is registered`);
  return found;
}
