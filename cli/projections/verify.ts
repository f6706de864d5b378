import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import { openLogReading } from "../../platform/log/places.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { Gates } from "../../projections/runner/gate.ts";
import { Parking } from "../../projections/runner/parking.ts";
import { run } from "../../projections/runner/runner.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import { openStore, type StoreServer, serverOf } from "../../projections/stores.ts";
import {
  type Comparison,
  compareGenerations,
} from "../../projections/verification/compare-generations.ts";
import {
  comparedTables,
  declaredDifferences,
} from "../../projections/verification/compared-tables.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import { logPlace } from "../log-place.ts";
import type { Output } from "../output.ts";
import { getParked } from "../parked/streams.ts";
import { openSession } from "../session.ts";
import { storePlace } from "../store-place.ts";
import { defineVerb, type Environment } from "../verb.ts";
import { certificateText, differenceText } from "./certificate-text.ts";
import { type Generation, getProjection } from "./generations.ts";

export const projectionsVerify = defineVerb({
  name: "verify",
  words: "<name>",
  summary: "Compares the live generation with a throw-away build from the log, and stops nothing",
  optionLines: [
    [
      "--across",
      "only if a server holds it: compares that with the embedded build of the same log",
    ],
  ],
  options: z.strictObject({ across: z.boolean().optional() }),
  examples: [
    "cipherhorizon projections verify portfolios",
    "cipherhorizon projections verify portfolios --across",
    "cipherhorizon projections verify ticks-and-candles --json",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const [name = ""] = words;
    const session = await openSession({ output, environment });
    try {
      const live = liveOf(name, (await getProjection(session, name)).generations);
      const store = storeOf(name, environment);
      if (options.across && store === "sqlite") throw notAcross(name);
      const parking = parkingOf(await getParked(session, name));
      const of = { name, live, parking };
      const found = await audit({ ...of, environment, output, signal: interrupted });
      if (output.json) output.value({ name, generation: live.generation, store, ...found });
      if (found.outcome !== "equal") throw differs(name, live.generation, found);
      if (!output.json) {
        output.line(`${name} generation ${live.generation} on ${store} is what the log says.`);
        output.line(certificateText(found));
      }
      return exitCodes.ok;
    } finally {
      await session.close();
    }
  },
});

/** Where the live generation stands. The build that it is compared with is always embedded. */
function storeOf(name: string, environment: Environment): StoreServer | "sqlite" {
  const { servers } = storePlace(readConfig(environment));
  return serverOf(registeredProjection(name), servers)?.server ?? "sqlite";
}

interface Audit {
  readonly name: string;
  readonly live: Generation;
  /** What every generation leaves out. */
  readonly parking: Parking;
  readonly environment: Environment;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Builds a copy in a file of its own, feeds it on, and compares. */
async function audit(asked: Audit): Promise<Comparison> {
  const { name, live, parking, environment, output, signal } = asked;
  const config = readConfig(environment);
  const { projection } = registeredProjection(name);
  const leftOut = declaredDifferences(projection, live.version);
  if (leftOut === null) throw otherVersion(name, live, projection.version);
  const tables = comparedTables(projection.tables, leftOut);
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-verify-"));
  const built = new SqliteReadStore({ file: join(folder, "built.db"), projection });
  const stored = await openStore(storePlace(config), name, live.generation, tables);
  const { log, codec, close } = await openLogReading(logPlace(config));
  const gates = new Gates();
  const stopping = new AbortController();
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  const stop = AbortSignal.any([signal, stopping.signal]);
  output.message(`Building ${name} from the log, aside, to compare it with the live generation.`);
  const observer = { onCaughtUp: () => resolve() };
  const feeding = { projection, store: built, log, codec, gates, parking };
  const ended = run({ ...feeding, observer, signal: stop });
  try {
    await Promise.race([caughtUp, ended]);
    if (signal.aborted) throw stopped(name);
    const { reason, detail } = await Promise.race([ended, FED]);
    if (reason !== "fed") throw new Error(`the build ended: ${reason}: ${detail}`);
    output.message("It has caught up: both are compared, row by row, while they are fed.");
    const reading = new SqliteReadStore({
      file: join(folder, "built.db"),
      projection: { ...projection, tables },
    });
    const mayStand = live.version !== projection.version;
    const compared = { live: stored, built: reading, tables, gates, mayStand, signal: stop };
    return await compareGenerations(compared).finally(() => reading.close());
  } catch (error) {
    throw signal.aborted ? stopped(name) : error;
  } finally {
    stopping.abort();
    await ended;
    await built.close();
    await stored.close();
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function parkingOf({ discarded }: Awaited<ReturnType<typeof getParked>>): Parking {
  const byPartition = Map.groupBy(discarded, ({ partition }) => partition as PartitionKey);
  const positions = [...byPartition].map(([partition, all]): [PartitionKey, number[]] => {
    return [partition, all.map(({ position }) => position)];
  });
  return new Parking({ releases: [], discarded: new Map(positions) });
}

/** What a race is won by where the build goes on. */
const FED = Promise.resolve({ reason: "fed", detail: "" } as const);

function liveOf(name: string, generations: readonly Generation[]): Generation {
  const live = generations.find(({ phase }) => phase === "live");
  if (live !== undefined) return live;
  throw new Failure(exitCodes.notFound, {
    failed: `${name} was not verified`,
    error: "it has no live generation",
    tried: "its generations, as the query API knows them",
    todo: "start a projector: cipherhorizon serve projections",
  });
}

function otherVersion(name: string, live: Generation, version: number): Failure {
  return new Failure(exitCodes.refused, {
    failed: `${name} was not verified`,
    error:
      `generation ${live.generation} is of version ${live.version}, and version ${version} of the ` +
      "projection does not declare in what it differs",
    tried: "the projection's declaration",
    todo: "run the code that built it, or rebuild the read model with this one",
  });
}

function differs(
  name: string,
  generation: number,
  found: Exclude<Comparison, { outcome: "equal" }>,
): Failure {
  const isSettled = found.outcome === "different";
  return new Failure(isSettled ? exitCodes.refused : exitCodes.stalled, {
    failed: isSettled
      ? `generation ${generation} of ${name} is not what the log says`
      : `generation ${generation} of ${name} was not verified`,
    error: isSettled ? differenceText(found) : found.detail,
    tried: "comparing it with a build from the log, row by row",
    todo: isSettled
      ? `build it anew: cipherhorizon projections rebuild ${name}\n(it differs from the live one, so promote it with --force once you know why)`
      : "try again when fewer events come",
  });
}

function notAcross(name: string): Failure {
  return new Failure(exitCodes.config, {
    failed: `${name} was not verified`,
    error: "it stands embedded, in SQLite: there are no two stores to compare",
    tried: "the addresses of servers in the configuration",
    todo: "set the address of its server, or leave out --across",
  });
}

function stopped(name: string): Failure {
  return interruptedFailure(
    `${name} was not verified`,
    `begin again with: cipherhorizon projections verify ${name}`,
  );
}
