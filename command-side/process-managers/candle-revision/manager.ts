import type { ProcessManager } from "../manager.ts";
import { RevisionPlanner } from "./planner.ts";
import { candleRevision } from "./projection.ts";
import type { StoredMinutes } from "./stored-minutes.ts";

/** Revises minutes older than their instrument's state from the stored ticks. */
export const candleRevisionManager: ProcessManager<StoredMinutes> = {
  projection: candleRevision,
  targets: ["instrument"],
  planner: (parts, minutes) => new RevisionPlanner(parts, minutes),
};
