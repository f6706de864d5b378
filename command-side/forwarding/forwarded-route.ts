import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { NDJSON_CONTENT_TYPE, readNdjsonText, writeNdjson } from "../../platform/http/ndjson.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { CommandGateway, CommandOutcome } from "../gateway.ts";
import { internal } from "../ownership/owner-answers.ts";
import { FORWARDED_PATH, type Peers } from "./forwarder.ts";
import { packOutcome, unpackCommand } from "./packed-command.ts";

/** A command as its client sent it may be 1 MiB; a packed decimal takes two characters more. */
const LINE_LIMITS = { maximumLineBytes: 4 * 1024 * 1024, idleTimeoutMs: 10_000 };

export interface ForwardedParts {
  /** Decides what this process owns, and hands nothing on: a command is forwarded once. */
  readonly local: CommandGateway;
  readonly peers: Pick<Peers, "isPeer">;
}

/** Takes the commands that other command sides have taken in and this one owns. */
export function forwardedRoute({ local, peers }: ForwardedParts): Route {
  return {
    method: "POST",
    path: FORWARDED_PATH,
    operationId: "forwardCommands",
    tag: "commands",
    summary: "Commands from another command side, which has let their senders in",
    // No key opens it: only a command side of this platform is let in.
    access: "anyone",
    pathParameters: null,
    pathExample: {},
    query: null,
    body: { contentTypes: [NDJSON_CONTENT_TYPE], schema: z.unknown(), example: {} },
    headers: [],
    answers: [],
    handle: async (request, response) => {
      if (!(await peers.isPeer(request.raw.headers.authorization))) {
        throw new PlatformError("UNAUTHENTICATED", "This is for command sides alone.");
      }
      const outcomes = await decided(request, local);
      await writeNdjson(response, linesOf(outcomes));
    },
  };
}

/** They enter their owner in the order in which they were sent. */
async function decided({ raw }: RouteRequest, local: CommandGateway): Promise<CommandOutcome[]> {
  const outcomes: Promise<CommandOutcome>[] = [];
  for await (const { text } of readNdjsonText(raw, LINE_LIMITS)) {
    outcomes.push(local.submit(unpackCommand(text)).catch(internal));
  }
  return Promise.all(outcomes);
}

async function* linesOf(outcomes: readonly CommandOutcome[]): AsyncGenerator<unknown> {
  for (const outcome of outcomes) yield packOutcome(outcome);
}
