import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { showResults } from "./demo/results.ts";
import { companyText, summarise } from "./demo/summary.ts";
import { takeFiles, takeSeededMarket } from "./demo/take-in.ts";
import { tickLive } from "./demo/tick-live.ts";
import { waitUntilAssessed } from "./demo/wait-until-assessed.ts";
import { waitUntilProjected } from "./demo/wait-until-projected.ts";
import { exitCodes } from "./exit-codes.ts";
import { createHttpSession } from "./http-session.ts";
import { untilAborted } from "./interrupts.ts";
import { defineVerb, type Environment, type Invocation, integerOption } from "./verb.ts";

const USUAL_MINUTES = 60;
const LONGEST_MINUTES = 1_440;

const options = z.strictObject({
  exit: z.boolean().default(false),
  seed: integerOption(0, 2 ** 31 - 1).default(1),
  minutes: integerOption(1, LONGEST_MINUTES).default(USUAL_MINUTES),
  ticks: z.array(z.string()).default([]),
  fills: z.string().optional(),
});

type DemoOptions = z.output<typeof options>;

export const demo = defineVerb({
  name: "demo",
  summary: "The whole platform in one process, on a market of its own or on your files",
  optionLines: [
    ["--exit", "ends when everything is projected; else it goes on with live ticks"],
    ["--seed <number>", "another market; else 1"],
    ["--minutes <count>", `of the past to make up; else ${USUAL_MINUTES}`],
    ["--ticks <file...>", "files of ticks instead, as import ticks takes them"],
    ["--fills <file>", "a file of fills, as import fills takes it: once per cost method"],
  ],
  options,
  examples: [
    "cipherhorizon demo",
    "cipherhorizon demo --exit --json",
    "cipherhorizon demo --ticks trades.csv.gz --fills fills.csv.gz --data ./folder",
  ],
  run: async (invocation) => {
    const given = invocation.dataFolder;
    const folder = given ?? (await mkdtemp(join(tmpdir(), "cipherhorizon-demo-")));
    try {
      return await runDemo(invocation, folder);
    } finally {
      if (given === null) await rm(folder, { recursive: true, force: true });
    }
  },
});

/** Whatever servers a user has, the log of the demo and what is made of it are its own. */
function withoutServers(environment: Environment): Environment {
  const isServer = (name: string) => /^CH_(KAFKA_\w+|\w+_URL)$/.test(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isServer(name)));
}

async function runDemo(invocation: Invocation<DemoOptions>, folder: string): Promise<number> {
  const { environment, output, interrupted, options } = invocation;
  const say = output.json ? output.message : output.line;
  const embedded = withoutServers(environment);
  const config = readConfig({ CH_PORT: "0", ...embedded, CH_DATA_FOLDER: folder });
  say(
    "Embedded: the event log, the schema registry and all read stores are SQLite in this process " +
      `(${folder}). serve moves each to a server whose address it is given: docs/operations/.`,
  );
  const startedAtMs = performance.now();
  const { startPlatform } = await import("./serve/platform.ts");
  const platform = await startPlatform({
    config,
    parts: ["command-side", "projections", "query-api"],
    logger: createLogger("warn"),
    port: config.port,
  });
  const address = platform.url;
  const session = createHttpSession({
    address,
    queryAddress: address,
    apiKey: config.apiKey ?? platform.ownKey,
    isEmbedded: true,
    close: async () => {},
  });
  try {
    const parts = { session, output, interrupted };
    const isSeeded = options.ticks.length === 0 && options.fills === undefined;
    const taken = isSeeded
      ? await takeSeededMarket(options, parts)
      : await takeFiles(options, parts);
    if (isSeeded) {
      await waitUntilProjected(parts);
      await waitUntilAssessed(parts);
    }
    const live = await waitUntilProjected(parts);
    const seconds = (performance.now() - startedAtMs) / 1000;
    await showResults(session, { say, goesOn: !options.exit });
    const summary = await summarise({ folder, taken, live, seconds });
    if (isSeeded) say(companyText(summary.counts));
    if (output.json) output.value(summary);
    if (options.exit) return exitCodes.ok;
    const removes = invocation.dataFolder === null ? " and removes its data" : "";
    say(`Goes on at ${address}; Ctrl-C ends it${removes}.`);
    if (taken.market !== null) await tickLive(taken.market, parts);
    else await untilAborted(interrupted);
    return exitCodes.interrupted;
  } finally {
    await platform.stop();
  }
}
