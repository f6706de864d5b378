import type { Response } from "express";
import { z } from "zod";
import { withAnyKey } from "../../platform/access/roles.ts";
import { idField } from "../../platform/fields/fields.ts";
import { isOver } from "../../platform/generations/phase.ts";
import type { Route } from "../../platform/http/route.ts";
import type { Positions } from "../../platform/log/log.ts";
import type { Generation } from "../../projections/runner/generations.ts";
import { freshnessFields, freshnessOf, lagSecondsAt } from "../reading/freshness.ts";
import type { LogEnds } from "../reading/log-ends.ts";
import { type generationAnswer, projectionAnswer, withoutGeneration } from "./answers.ts";
import { parkedRoute } from "./parked-route.ts";
import { type ProjectionStores, type ProjectionsParts, storesOf } from "./parts.ts";

/** Projections with their generations: phase, position, gap and who feeds them. */
export function projectionRoutes(parts: ProjectionsParts): readonly Route[] {
  const common = {
    method: "GET",
    tag: "operations",
    access: withAnyKey,
    query: z.strictObject({}),
    body: null,
  } as const;
  return [
    {
      ...common,
      path: "/v1/projections",
      operationId: "listProjections",
      summary: "Every projection with its generations",
      pathParameters: null,
      pathExample: {},
      headers: [],
      answers: [answer(z.array(projectionAnswer))],
      handle: async (_request, response) => {
        await send(response, parts, () => {
          return Promise.all(parts.stores.map((stores) => describe(stores, parts)));
        });
      },
    },
    {
      ...common,
      path: "/v1/projections/{name}",
      operationId: "getProjection",
      summary: "One projection with its generations",
      pathParameters: z.strictObject({ name: idField() }),
      pathExample: { name: "portfolios" },
      headers: [],
      answers: [answer(projectionAnswer)],
      handle: async (request, response) => {
        const stores = storesOf(request.path["name"] as string, parts);
        await send(response, parts, () => describe(stores, parts));
      },
    },
    parkedRoute(parts),
  ];
}

/** `generation` is a fact of each read model here, so the answer itself has none. */
function answer(data: z.ZodType) {
  const description =
    "What is known of the generations; `position` and `lagSeconds` are of `operations.events`. " +
    "`maxLiveLagSeconds`: while a generation is built it is slowed so that the live one's " +
    "`lagSeconds`, the age of the oldest record that it lacks, stays below. " +
    "`fedBy` names the process that feeds each partition where several share them (log on Kafka, " +
    "read model on a server), else it is null. `certificate` is what the comparison with the " +
    "generation that was live then has come to, `comparison` how far one is that takes long, and " +
    "`difference` in what it differs from that";
  const schema = z.object({ ...freshnessFields, data });
  return { status: 200, description, contentType: "application/json", schema };
}

/** The positions are those of before: what came meanwhile may be in the data, nothing is missing. */
async function send(
  response: Response,
  parts: ProjectionsParts,
  read: () => Promise<unknown>,
): Promise<void> {
  const positions = parts.positions();
  const data = await read();
  response.json({ ...(await freshnessOf(positions, parts)), data });
}

async function describe(
  stores: ProjectionStores,
  parts: ProjectionsParts,
): Promise<z.infer<typeof projectionAnswer>> {
  const generations = parts.generations.of(stores.name).map((one) => {
    return describeGeneration(one, stores, parts);
  });
  const { name } = stores;
  const paused = parts.generations.isPaused(name);
  return { name, paused, generations: await Promise.all(generations) };
}

async function describeGeneration(
  one: Generation,
  stores: ProjectionStores,
  parts: ProjectionsParts,
): Promise<z.infer<typeof generationAnswer>> {
  const isGone = isOver(one.phase);
  const positions = isGone ? null : await stores.positionsOf(one.generation);
  const gaps = positions && (await gapsOf(positions, parts.ends));
  const isRead = positions !== null && one.phase === "live";
  const lagSeconds = isRead ? await lagSecondsAt(positions, parts) : null;
  const fedBy = isGone ? null : await parts.feeders(stores.name, one.generation);
  return {
    generation: one.generation,
    version: one.version,
    phase: one.phase,
    since: new Date(one.sinceMs).toISOString(),
    startedAt: new Date(one.startedAtMs).toISOString(),
    verified: one.verified,
    certificate: one.certificate && withoutGeneration(one.certificate),
    comparison: one.comparison && withoutGeneration(one.comparison),
    difference: one.difference && withoutGeneration(one.difference),
    position: positions && Object.fromEntries(positions),
    gapEvents: gaps && Object.values(gaps).reduce((sum, gap) => sum + gap, 0),
    gapEventsByPartition: gaps,
    lagSeconds,
    maxLiveLagSeconds: one.maxLiveLagMs / 1_000,
    fedBy: fedBy && Object.fromEntries(fedBy),
  };
}

async function gapsOf(positions: Positions, ends: LogEnds): Promise<Record<string, number>> {
  const gaps = [...positions].map(async ([key, position]): Promise<[string, number]> => {
    return [key, await ends.gapOf(key, position)];
  });
  return Object.fromEntries(await Promise.all(gaps));
}
