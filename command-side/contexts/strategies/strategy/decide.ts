import {
  accepted,
  type Decider,
  type Decision,
  type DecisionContext,
  mayUse,
  refused,
} from "../../../../platform/kernel/decider.ts";
import { activate, incomplete, lackOf } from "./activate.ts";
import type { ForkStrategy, StrategyCommand } from "./commands.ts";
import type { StrategyDocument } from "./document.ts";
import type { StrategyEvent } from "./events.ts";
import type { StrategyFacts } from "./gather.ts";
import { type ExistingStrategy, evolve, initialState, type StrategyState } from "./state.ts";

type Decided = Decision<StrategyEvent>;
type Context = DecisionContext<StrategyFacts>;
type ChangingCommand = Exclude<StrategyCommand, { type: "CreateStrategy" | "ForkStrategy" }>;

export const decider: Decider<StrategyState, StrategyCommand, StrategyEvent, Context> = {
  initialState,
  evolve,
  decide(state, command, context) {
    switch (command.type) {
      case "CreateStrategy":
        return create(state, command.data, context);
      case "ForkStrategy":
        return fork(state, command.data, context);
      default:
        return change(state, command, context);
    }
  },
};

function create(
  state: StrategyState,
  document: StrategyDocument,
  { actor, nowMs, aggregateId }: Context,
): Decided {
  if (state !== null) return exists(aggregateId);
  const data = { owner: actor, version: 1, document: JSON.stringify(document) };
  return accepted([{ type: "StrategyCreated", data, occurredAtMs: nowMs }]);
}

function fork(state: StrategyState, data: ForkStrategy["data"], context: Context): Decided {
  const { actor, nowMs, aggregateId, facts } = context;
  if (state !== null) return exists(aggregateId);
  const source = facts.source?.value ?? null;
  // A private strategy of another owner is answered like one that does not exist.
  if (source === null || (source.visibility !== "public" && !mayUse(context, source.owner))) {
    return notFound(data.source);
  }
  const copied = JSON.parse(source.document) as StrategyDocument;
  const document = data.name === undefined ? copied : { ...copied, name: data.name };
  const forked = { owner: actor, version: 1, document: JSON.stringify(document) };
  return accepted([
    {
      type: "StrategyForked",
      data: { ...forked, forkedFrom: data.source },
      occurredAtMs: nowMs,
    },
  ]);
}

/** What nobody may do once it is archived. */
function change(state: StrategyState, command: ChangingCommand, context: Context): Decided {
  const { aggregateId } = context;
  if (state === null) return refused("NOT_FOUND", `there is no strategy ${aggregateId}`);
  if (command.type === "ArchiveStrategy" && state.status === "archived") return accepted([]);
  if (state.status === "archived") {
    return refused("STRATEGY_ARCHIVED", `strategy ${aggregateId} is archived; fork it to go on`);
  }
  return changeOwn(state, command, context);
}

function changeOwn(state: ExistingStrategy, command: ChangingCommand, context: Context): Decided {
  const { version } = state;
  const occurredAtMs = context.nowMs;
  switch (command.type) {
    case "ReviseStrategy":
      return revise(state, command.data, context);
    case "ActivateStrategy":
      return activate(state, context);
    case "PauseStrategy":
      return pause(state, command.data.reason, context);
    case "ArchiveStrategy": {
      const data = { version, reason: command.data.reason };
      return accepted([{ type: "StrategyArchived", data, occurredAtMs }]);
    }
    case "PublishStrategy":
      return publish(state, command.data.visibility, occurredAtMs);
    case "UnpublishStrategy":
      return publish(state, "private", occurredAtMs);
  }
}

/** What is active stays fit to be: its new document is checked as at an activation. */
function revise(state: ExistingStrategy, sent: StrategyDocument, context: Context): Decided {
  const { nowMs, aggregateId } = context;
  const document = JSON.stringify(sent);
  if (document === state.document) return accepted([]);
  const lacking = state.status === "active" ? lackOf(sent, context) : null;
  if (lacking !== null) return incomplete(aggregateId, lacking);
  const data = { owner: state.owner, version: state.version + 1, document };
  return accepted([{ type: "StrategyRevised", data, occurredAtMs: nowMs }]);
}

function pause(
  { status, version }: ExistingStrategy,
  reason: string,
  { nowMs, aggregateId }: Context,
): Decided {
  if (status === "paused") return accepted([]);
  if (status !== "active") {
    const detail = `strategy ${aggregateId} is a ${status}; only an active one can be paused`;
    return refused("STRATEGY_NOT_ACTIVE", detail, { status });
  }
  return accepted([{ type: "StrategyPaused", data: { version, reason }, occurredAtMs: nowMs }]);
}

function publish(state: ExistingStrategy, visibility: string, occurredAtMs: number): Decided {
  if (state.visibility === visibility) return accepted([]);
  return accepted([{ type: "StrategyPublished", data: { visibility }, occurredAtMs }]);
}

function exists(id: string): Decided {
  return refused("STRATEGY_EXISTS", `there is a strategy ${id} already; revise it instead`);
}

function notFound(id: string): Decided {
  return refused("STRATEGY_NOT_FOUND", `there is no strategy ${id} that you may read`, { id });
}
