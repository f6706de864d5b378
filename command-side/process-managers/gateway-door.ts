import type { AggregateDefinition } from "../aggregate.ts";
import type { CommandGateway, CommandOutcome } from "../gateway.ts";
import type { CommandDoor, PlannedCommand } from "./manager.ts";

/** The door to the command side of this process. */
export function gatewayDoor(
  gateway: CommandGateway,
  aggregates: readonly AggregateDefinition[],
): CommandDoor {
  const byName = new Map(aggregates.map((aggregate) => [aggregate.name, aggregate]));
  return {
    submit: async (planned, actor) => {
      const definition = byName.get(planned.aggregate)?.commands[planned.type];
      if (definition === undefined) return unknown(planned);
      const parsed = definition.payload.safeParse(planned.payload);
      if (!parsed.success) return invalid(planned, parsed.error.message);
      const { aggregate, aggregateId, commandId, cause } = planned;
      return gateway.submit({
        aggregate,
        aggregateId,
        command: { type: planned.type, data: parsed.data },
        commandId,
        expectedVersion: null,
        actor,
        authority: "all",
        correlationId: cause.correlationId,
        causationId: cause.eventId,
        causationPosition: cause.position,
        traceparent: null,
      });
    },
  };
}

/** This code does not know it; the version that planned it, or a later one, does. */
function unknown({ aggregate, type }: PlannedCommand): CommandOutcome {
  return {
    outcome: "failed",
    code: "NOT_READY",
    detail: `nobody here decides ${aggregate} ${type}`,
  };
}

function invalid({ aggregate, type }: PlannedCommand, detail: string): CommandOutcome {
  return { outcome: "failed", code: "INVALID_REQUEST", detail: `${aggregate} ${type}: ${detail}` };
}
