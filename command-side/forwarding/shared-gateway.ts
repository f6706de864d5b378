import type { CommandGateway } from "../gateway.ts";
import type { Owners } from "../ownership/owners.ts";
import { type Forwarder, isNotOwner } from "./forwarder.ts";

export interface SharedGatewayParts {
  readonly owners: Pick<Owners, "serves" | "partitionOf">;
  /** Decides what this process owns. */
  readonly local: CommandGateway;
  readonly forwarder: Pick<Forwarder, "submit">;
}

/**
 * Decides here what is this process's, and hands the rest to its owners: also a command whose
 * partition moved while it waited, for nothing came of it here, or its id is found in the log.
 */
export function sharedGateway({ owners, local, forwarder }: SharedGatewayParts): CommandGateway {
  return {
    submit: async (request) => {
      const { aggregate, aggregateId } = request;
      if (owners.serves(aggregate, aggregateId)) {
        const outcome = await local.submit(request);
        if (!isNotOwner(outcome)) return outcome;
      }
      return forwarder.submit(owners.partitionOf(aggregate, aggregateId), request);
    },
  };
}
