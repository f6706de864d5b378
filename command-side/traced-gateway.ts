import { inSpan, isSampled, tracing } from "../platform/telemetry/tracing.ts";
import type { CommandGateway, CommandOutcome, CommandRequest } from "./gateway.ts";

/**
 * Puts each command that belongs to a trace in a span of its owner: from its arrival to its answer.
 * Its events name that span, so that whatever follows from them is joined to it.
 */
export function traced(gateway: CommandGateway): CommandGateway {
  if (tracing() === null) return gateway;
  return {
    submit: (request) => {
      return isSampled(request.traceparent) ? submit(gateway, request) : gateway.submit(request);
    },
  };
}

function submit(gateway: CommandGateway, request: CommandRequest): Promise<CommandOutcome> {
  const { aggregate, aggregateId, command, commandId, traceparent } = request;
  const start = {
    name: `decide ${command.type}`,
    kind: "internal",
    parent: traceparent,
    attributes: {
      "cipherhorizon.aggregate": aggregate,
      "cipherhorizon.aggregate.id": aggregateId,
      "cipherhorizon.command.id": commandId,
    },
  } as const;
  return inSpan(start, async (span) => {
    const outcome = await gateway.submit({ ...request, traceparent: span?.traceparent ?? null });
    span?.set({ "cipherhorizon.outcome": labelOf(outcome) });
    return outcome;
  });
}

function labelOf(outcome: CommandOutcome): string {
  if (outcome.outcome === "failed") return outcome.code;
  return outcome.outcome === "refused" ? outcome.refusal.code : outcome.outcome;
}
