import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { projectionNames } from "../../projections/registry.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { untilAborted } from "../interrupts.ts";
import { logName, logPlace } from "../log-place.ts";
import { defineVerb, type RunnableVerb, usageFailure } from "../verb.ts";
import { namesOf } from "./chosen-stores.ts";
import type { Part } from "./platform.ts";

interface Serving {
  readonly parts: readonly Part[];
  readonly summary: string;
  readonly port: "port" | "commandPort" | "projectionsPort";
  /** Only some projections may be meant: they are named after the verb. */
  readonly takesNames?: boolean;
  readonly examples?: readonly string[];
}

const SERVINGS: Readonly<Record<string, Serving>> = {
  all: {
    parts: ["command-side", "projections", "query-api"],
    summary: "Commands, projections and queries in one process, at CH_PORT",
    port: "port",
  },
  "command-side": {
    parts: ["command-side"],
    summary: "Commands alone, at CH_COMMAND_PORT; the one writer of the data folder",
    port: "commandPort",
  },
  projections: {
    parts: ["projections"],
    summary: "Projections alone, all or those named: builds and feeds the read models",
    port: "projectionsPort",
    takesNames: true,
    examples: ["cipherhorizon serve projections portfolios equity-curve"],
  },
  "query-api": {
    parts: ["query-api"],
    summary: "Queries and live streams alone, at CH_PORT",
    port: "port",
  },
};

/** `serve all`, `serve command-side` … */
export const verbs: readonly RunnableVerb[] = Object.entries(SERVINGS).map(serveVerb);

function serveVerb([name, serving]: [string, Serving]): RunnableVerb {
  const { parts, summary, port, takesNames = false, examples = [] } = serving;
  return defineVerb({
    name,
    ...(takesNames ? { words: "[names...]" } : {}),
    summary,
    optionLines: [],
    options: z.strictObject({}),
    examples: [
      `cipherhorizon serve ${name}`,
      `CH_PORT=9000 cipherhorizon serve ${name} --data ./folder`,
      ...examples,
    ],
    run: async ({ words, output, environment, interrupted }) => {
      const named = knownNames(words);
      const config = readConfig(environment);
      const logger = createLogger(config.logLevel);
      const { startPlatform } = await import("./platform.ts");
      const platform = await startPlatform({
        ...{ config, parts, logger, port: config[port], interrupted },
        ...(named.length === 0 ? {} : { projections: named }),
      }).catch((error: unknown) => {
        if (interrupted.aborted) return null;
        throw error;
      });
      if (platform === null) return exitCodeOf(interrupted);
      const { url, stores } = platform;
      const log = logName(logPlace(config));
      if (output.json) output.value({ url, parts, log, stores });
      else {
        output.line(`log: ${log}`);
        for (const one of stores) output.line(`${namesOf(one).join(", ")}: ${one.store}`);
        output.line(`${name} at ${url}, data in ${config.dataFolder}; Ctrl-C stops`);
      }
      await untilAborted(interrupted);
      output.message("Stopping; a second Ctrl-C ends at once.");
      if (!(await platform.stop())) throw unclean();
      return exitCodeOf(interrupted);
    },
  });
}

/** A service told to stop has done well; Ctrl-C is an interrupt all the same. */
function exitCodeOf({ reason }: AbortSignal): number {
  return reason === "SIGTERM" ? exitCodes.ok : exitCodes.interrupted;
}

/** Where none is named, the configuration says which are meant. */
function knownNames(words: readonly string[]): readonly string[] {
  const unknown = words.find((word) => !projectionNames.includes(word));
  if (unknown === undefined) return words;
  const known = projectionNames.join(", ");
  throw usageFailure(`there is no projection ${unknown}; there are ${known}`, "serve projections");
}

function unclean(): Failure {
  return new Failure(exitCodes.internal, {
    failed: "the stop was not clean",
    error: "a step failed or took too long; the log lines above name it",
    tried: "every step, each within its time",
    todo: "nothing acknowledged is lost: start it again, and see cipherhorizon doctor",
  });
}
