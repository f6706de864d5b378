import { idField } from "../../../../platform/fields/fields.ts";
import type { AggregateDefinition } from "../../../aggregate.ts";
import { commands, type ProjectionCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { ProjectionEvent } from "./events.ts";
import { refusals } from "./refusals.ts";
import type { ProjectionState } from "./state.ts";

/** The life of a projection's generations: its id is the projection's name. */
export const projection: AggregateDefinition<ProjectionState, ProjectionCommand, ProjectionEvent> =
  {
    context: "operations",
    name: "projection",
    collection: "projections",
    topic: "operations.events",
    id: idField(),
    idExample: "portfolios",
    commands,
    owned: "by nobody",
    decider,
    stateVersion: 3,
    refusals,
  };
