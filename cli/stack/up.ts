import { z } from "zod";
import { bringUp, type UpOutcome } from "../../deploy/local/bring-up.ts";
import { LOOPBACK } from "../../deploy/local/server.ts";
import { readConfig } from "../../platform/config/config.ts";
import { exitCodes } from "../exit-codes.ts";
import { interrupted as interruption } from "../failure.ts";
import { type Output, table } from "../output.ts";
import { defineVerb, type Environment, integerOption } from "../verb.ts";
import { PLACE_LINES, placeOf, placeOptions } from "./place.ts";
import { joinedFailure, orStackFailure } from "./stack-failure.ts";
import { upDisplay } from "./up-display.ts";

const MAXIMUM_KAFKA_NODES = 5;

export const stackUp = defineVerb({
  name: "up",
  words: "[names...]",
  summary: "Starts real servers on this machine, without Docker; what runs already is left alone",
  optionLines: [
    ...PLACE_LINES,
    ["--kafka-nodes <count>", "nodes of a new Kafka; else 1"],
    [
      "--logins",
      "a login for each part of the platform, where a server has them; a new Kafka wants one",
    ],
    ["--free-ports", "servers that do not run get other ports, which are free"],
  ],
  options: z.strictObject({
    ...placeOptions,
    kafkaNodes: integerOption(1, MAXIMUM_KAFKA_NODES).optional(),
    logins: z.boolean().default(false),
    freePorts: z.boolean().default(false),
  }),
  examples: [
    "cipherhorizon stack up",
    "cipherhorizon stack up kafka registry postgres --dir ./stack --free-ports",
    "cipherhorizon stack up kafka --kafka-nodes 3",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const place = placeOf(options, environment);
    const display = upDisplay(output);
    const request = {
      ...place,
      names: words,
      kafkaNodes: options.kafkaNodes ?? null,
      logins: options.logins ? { topicPrefix: topicPrefixIn(environment) } : null,
      freePorts: options.freePorts,
      interrupted,
      report: display.update,
    };
    const { outcomes, envFile, partFolder } = await orStackFailure(
      "the stack was not started",
      () => {
        return bringUp(request);
      },
    ).finally(display.stop);
    if (interrupted.aborted) throw stopped(place.folder);
    show(outcomes, envFile, output);
    if (partFolder !== null) output.message(`One environment for each part: ${partFolder}`);
    throwFailures(outcomes);
    return exitCodes.ok;
  },
});

/** As the platform will find it; what else is set there is of no concern here. */
function topicPrefixIn({ CH_KAFKA_TOPIC_PREFIX }: Environment): string {
  return readConfig({ CH_KAFKA_TOPIC_PREFIX }).kafkaTopicPrefix ?? "";
}

function show(outcomes: readonly UpOutcome[], envFile: string, output: Output): void {
  const ready = outcomes.filter(({ error }) => error === null);
  if (output.json) {
    for (const { instance, wasRunning, durationMs } of ready) {
      const { name, server, ports } = instance;
      const seconds = Number((durationMs / 1000).toFixed(3));
      output.value({ name, version: server.version, ports, wasRunning, seconds, envFile });
    }
    return;
  }
  if (ready.length === 0) return;
  const rows = ready.map(({ instance: { name, server, ports } }) => {
    return [name, server.version, `${LOOPBACK}:${Object.values(ports)[0]}`];
  });
  output.line(table(["server", "version", "address"], rows));
  output.message(`Addresses and logins: set -a; . ${envFile}; set +a`);
}

function throwFailures(outcomes: readonly UpOutcome[]): void {
  const failed = outcomes.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const failures = failed.map(({ instance, error }) => ({ name: instance.name, error }));
  const names = failures.map(({ name }) => name).join(", ");
  throw joinedFailure(`not started: ${names}`, failures, outcomes.length - failed.length);
}

function stopped(folder: string) {
  return interruption(
    "the stack is not wholly up",
    `what has been started runs on in ${folder}\n` +
      "go on with the same command; cipherhorizon stack down stops what runs",
  );
}
