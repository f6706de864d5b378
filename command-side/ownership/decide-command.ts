import { version } from "uuid";
import type { EventCodec } from "../../platform/codec/codec.ts";
import type { Envelope, RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Decision, Event } from "../../platform/kernel/decider.ts";
import type { NewRecord, Reign } from "../../platform/log/log.ts";
import type { Accepted, CommandOutcome, CommandRequest } from "../gateway.ts";
import { type Batch, COMMAND_BYTES, type Settled, sizeOf, type Waiting } from "./batch.ts";
import type { PartitionState } from "./partition-state.ts";

/** What a decision stands on besides the batch. */
export interface DecidingContext {
  readonly state: PartitionState;
  readonly codec: EventCodec;
  readonly reign: Reign;
  readonly logId: string;
  readonly nowMs: number;
}

/**
 * Decides one command into the batch, in this order: who may, command id, expected version, rules.
 * The state then already holds its events, so that the next command of the batch sees them.
 */
export function decideInto(batch: Batch, waiting: Waiting, context: DecidingContext): void {
  const { request } = waiting;
  const forbidden = checkOwnership(request, context.state);
  if (forbidden) {
    batch.settle(waiting, forbidden);
    return;
  }
  const earlier = batch.earlier(request.commandId);
  if (earlier) {
    batch.settle(waiting, repeatWithin(earlier, waiting));
    return;
  }
  const known = context.state.window.positionOf(request.commandId);
  if (known !== null) {
    batch.repeats.push({ waiting, position: known });
    return;
  }
  const obstacle = checkVersion(request, context.state);
  batch.settle(waiting, obstacle ?? applyRules(batch, waiting, context));
}

export function commandIdReused(commandId: string): CommandOutcome {
  return {
    outcome: "failed",
    code: "COMMAND_ID_REUSED",
    detail:
      `the command id ${commandId} was used for a command of another content; ` +
      "a new command needs a new id",
    facts: { commandId },
  };
}

function repeatWithin({ outcome, waiting }: Settled, repeat: Waiting): CommandOutcome {
  if (outcome.outcome !== "accepted") return outcome;
  return repeat.hash === waiting.hash
    ? { ...outcome, repeated: true }
    : commandIdReused(repeat.request.commandId);
}

/** Before the command id: what a stranger's command came to is nobody else's business. */
function checkOwnership(request: CommandRequest, state: PartitionState): CommandOutcome | null {
  const { aggregateId, actor, authority, command, facts = null } = request;
  if (authority === "all") return null;
  const { owned, name, commands } = state.aggregate;
  if (owned === "by nobody" || commands[command.type]?.operatorsOnly) {
    const detail = `${command.type} of ${name} ${aggregateId} takes the role operator`;
    return { outcome: "failed", code: "FORBIDDEN", detail };
  }
  if (!owned.isOwn(actor, { state: state.stateOf(aggregateId), aggregateId, facts })) {
    const detail = `${name} ${aggregateId} is not one of yours`;
    return { outcome: "failed", code: "NOT_OWNED", detail, facts: { id: aggregateId } };
  }
  return checkCommandId(request);
}

/**
 * Process managers derive their command ids (UUID version 5), so that they can be told in advance.
 * Whoever used one first could keep the platform's own command from being decided.
 */
function checkCommandId({ commandId }: CommandRequest): CommandOutcome | null {
  if (version(commandId) !== 5) return null;
  const detail = "command ids that are UUIDs of version 5 are the platform's own; use another one";
  return { outcome: "failed", code: "FORBIDDEN", detail };
}

function checkVersion(request: CommandRequest, state: PartitionState): CommandOutcome | null {
  const actual = state.versionOf(request.aggregateId);
  const definition = state.aggregate.commands[request.command.type];
  if (actual === 0 && definition?.creates !== true) return notFound(request);
  const expected = request.expectedVersion === "none" ? 0 : request.expectedVersion;
  if (expected === null || expected === actual) return null;
  return {
    outcome: "failed",
    code: "VERSION_CONFLICT",
    detail: `${request.aggregateId} has version ${actual}, the command expects ${expected}`,
    facts: { actualVersion: actual, expectedVersion: expected },
  };
}

function notFound(request: CommandRequest): CommandOutcome {
  const detail = `there is no ${request.aggregate} ${request.aggregateId}`;
  return { outcome: "failed", code: "NOT_FOUND", detail, facts: { id: request.aggregateId } };
}

function applyRules(batch: Batch, waiting: Waiting, context: DecidingContext): CommandOutcome {
  const { request } = waiting;
  const { state, nowMs } = context;
  const decision: Decision<Event> = state.aggregate.decider.decide(
    state.stateOf(request.aggregateId),
    request.command,
    {
      nowMs,
      aggregateId: request.aggregateId,
      actor: request.actor,
      authority: request.authority,
      facts: request.facts ?? null,
      view: state.view,
    },
  );
  if (decision.outcome === "refused") return decision;
  const encoded = encodeEvents(decision.events, { batch, waiting, context });
  if ("outcome" in encoded) return encoded;
  evolveAll(state, request.aggregateId, decision.events);
  batch.add(encoded.records, encoded.recorded);
  return acceptedOutcome(encoded.recorded, {
    request,
    version: state.versionOf(request.aggregateId),
    position: batch.nextPosition,
    answer: decision.answer ?? null,
    context,
  });
}

/** An event that `decide` made and `evolve` cannot take: a defect, after which the fold is void. */
export class EvolveFailure extends Error {}

function evolveAll(state: PartitionState, aggregateId: string, events: readonly Event[]): void {
  try {
    for (const event of events) state.evolve(aggregateId, event);
  } catch (error) {
    throw new EvolveFailure((error as Error).message, { cause: error });
  }
}

interface Encoded {
  readonly records: readonly NewRecord[];
  readonly recorded: readonly RecordedEvent[];
}

/** Encoding comes before evolving: what the log cannot hold must not enter the state either. */
function encodeEvents(
  events: readonly Event[],
  { batch, waiting, context }: { batch: Batch; waiting: Waiting; context: DecidingContext },
): Encoded | CommandOutcome {
  const { reign, codec, nowMs } = context;
  const envelopes = events.map((_event, index) => envelopeFor(index, { events, waiting, context }));
  let records: readonly NewRecord[];
  try {
    records = events.map((event, index) => {
      return codec.encode(reign.topic, event, envelopes[index] as Envelope);
    });
  } catch (error) {
    return rejected(`its events cannot be encoded: ${(error as Error).message}`);
  }
  const bytes = sizeOf(records);
  if (bytes > COMMAND_BYTES) return rejected(`its events take ${bytes} of ${COMMAND_BYTES} bytes`);
  const recorded = events.map((event, index) => ({
    ...(envelopes[index] as Envelope),
    event,
    topic: reign.topic,
    partition: reign.partition,
    position: batch.nextPosition + index,
    recordedAtMs: nowMs,
  }));
  return { records, recorded };
}

function envelopeFor(
  index: number,
  decided: { events: readonly Event[]; waiting: Waiting; context: DecidingContext },
): Envelope {
  const { events, waiting, context } = decided;
  const { request, hash } = waiting;
  const { codec, reign, state } = context;
  const { aggregateId, commandId } = request;
  const sequence = state.versionOf(aggregateId) + 1 + index;
  const isRemembered = !state.protectsItself(events[0] as Event);
  const unique = isRemembered ? null : sequence;
  return {
    eventId: codec.eventId(reign.topic, aggregateId, commandId, index, unique),
    aggregateId,
    sequence,
    epoch: reign.epoch,
    commandId,
    commandIndex: index,
    commandEvents: events.length,
    commandHash: hash,
    correlationId: request.correlationId,
    causationId: request.causationId,
    causationPosition: request.causationPosition,
    actor: request.actor,
    traceparent: request.traceparent,
  };
}

function rejected(detail: string): CommandOutcome {
  return { outcome: "failed", code: "APPEND_REJECTED", detail };
}

export function acceptedOutcome(
  events: readonly RecordedEvent[],
  more: {
    request: Pick<CommandRequest, "aggregateId">;
    version: number;
    position: number;
    answer: Accepted["answer"];
    context: Pick<DecidingContext, "reign" | "logId">;
    repeated?: true;
  },
): Accepted {
  const { topic, partition } = more.context.reign;
  return {
    outcome: "accepted",
    aggregateId: more.request.aggregateId,
    version: more.version,
    events: events.map((one) => ({
      id: one.eventId,
      type: one.event.type,
      sequence: one.sequence,
      position: one.position,
    })),
    answer: more.answer,
    partition: { topic, partition },
    position: more.position,
    logId: more.context.logId,
    repeated: more.repeated ?? false,
  };
}
