import { accepted, type Decider, type Decision } from "../../../../platform/kernel/decider.ts";
import type { QuarantineTicks } from "./commands.ts";
import type { QuarantineEvent } from "./events.ts";
import { parseQuarantineId } from "./quarantine-id.ts";
import { evolve, initialState, type QuarantineState } from "./state.ts";

/** Takes everything: the same ticks sent again are found by their command id. */
export const decider: Decider<QuarantineState, QuarantineTicks, QuarantineEvent> = {
  initialState,
  evolve,
  decide(_state, { data }, { aggregateId, nowMs }): Decision<QuarantineEvent> {
    const quarantined = { ...parseQuarantineId(aggregateId), ...data, receivedMs: nowMs };
    return accepted([{ type: "TicksQuarantined", data: quarantined, occurredAtMs: nowMs }]);
  },
};
