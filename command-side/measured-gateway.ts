import { commandDurationSeconds, commandsTotal } from "../platform/telemetry/metrics.ts";
import type { AggregateDefinition } from "./aggregate.ts";
import type { CommandGateway, CommandOutcome } from "./gateway.ts";

/** Counts and times every command that goes through the gateway. */
export function measured(
  gateway: CommandGateway,
  aggregates: readonly AggregateDefinition[],
): CommandGateway {
  const contexts = new Map(aggregates.map((aggregate) => [aggregate.name, aggregate.context]));
  return {
    async submit(request) {
      const started = performance.now();
      const outcome = await gateway.submit(request);
      const context = contexts.get(request.aggregate) ?? "unknown";
      commandDurationSeconds.observe({ context }, (performance.now() - started) / 1000);
      commandsTotal.inc({ context, type: request.command.type, outcome: labelOf(outcome) });
      return outcome;
    },
  };
}

function labelOf(outcome: CommandOutcome): string {
  if (outcome.outcome === "failed") return outcome.code;
  if (outcome.outcome === "refused") return outcome.refusal.code;
  return outcome.repeated ? "repeated" : "accepted";
}
