import { z } from "zod";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route } from "../../platform/http/route.ts";
import type { Positions } from "../../platform/log/log.ts";
import type { Generation, Generations } from "../../projections/runner/generations.ts";
import type { LogEnds } from "../reading/log-ends.ts";

/** What this process can say of one projection's stores. */
interface ProjectionStores {
  readonly name: string;
  /** Positions of one generation as its own store tells; `null` when it is not there. */
  positionsOf(generation: number): Promise<Positions | null>;
}

const generationAnswer = z.object({
  generation: z.int(),
  version: z.int(),
  phase: z.enum(["building", "live", "replaced", "retired", "cancelled"]),
  startedAt: z.string(),
  verified: z.boolean(),
  position: z.record(z.string(), z.int()).nullable(),
  gapEvents: z.int().nullable(),
  gapEventsByPartition: z.record(z.string(), z.int()).nullable(),
});

const projectionAnswer = z.object({ name: z.string(), generations: z.array(generationAnswer) });

export interface ProjectionsParts {
  readonly stores: readonly ProjectionStores[];
  readonly generations: Pick<Generations, "of">;
  readonly ends: LogEnds;
}

/** Projections with their generations: phase, position and gap. */
export function projectionRoutes(parts: ProjectionsParts): readonly Route[] {
  const common = {
    method: "GET",
    tag: "operations",
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
      answers: [answer(z.object({ data: z.array(projectionAnswer) }))],
      handle: async (_request, response) => {
        const data = parts.stores.map((stores) => describe(stores, parts));
        response.json({ data: await Promise.all(data) });
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
      answers: [answer(z.object({ data: projectionAnswer }))],
      handle: async (request, response) => {
        const stores = parts.stores.find(({ name }) => name === request.path["name"]);
        if (!stores) throw notFound(request.path["name"] as string, parts);
        response.json({ data: await describe(stores, parts) });
      },
    },
  ];
}

function answer(schema: z.ZodType) {
  return { status: 200, description: "As of now", contentType: "application/json", schema };
}

function notFound(name: string, { stores }: ProjectionsParts): PlatformError {
  const known = stores.map((one) => one.name).join(", ");
  return new PlatformError("NOT_FOUND", `there is no projection ${name}; there are ${known}`);
}

async function describe(
  stores: ProjectionStores,
  { generations: all, ends }: ProjectionsParts,
): Promise<z.infer<typeof projectionAnswer>> {
  const generations = all.of(stores.name).map((one) => {
    return describeGeneration(one, stores, ends);
  });
  return { name: stores.name, generations: await Promise.all(generations) };
}

async function describeGeneration(
  one: Generation,
  stores: ProjectionStores,
  ends: LogEnds,
): Promise<z.infer<typeof generationAnswer>> {
  const isGone = one.phase === "retired" || one.phase === "cancelled";
  const positions = isGone ? null : await stores.positionsOf(one.generation);
  const gaps = positions && (await gapsOf(positions, ends));
  return {
    generation: one.generation,
    version: one.version,
    phase: one.phase,
    startedAt: new Date(one.startedAtMs).toISOString(),
    verified: one.verified,
    position: positions && Object.fromEntries(positions),
    gapEvents: gaps && Object.values(gaps).reduce((sum, gap) => sum + gap, 0),
    gapEventsByPartition: gaps,
  };
}

async function gapsOf(positions: Positions, ends: LogEnds): Promise<Record<string, number>> {
  const gaps = [...positions].map(async ([key, position]): Promise<[string, number]> => {
    return [key, await ends.gapOf(key, position)];
  });
  return Object.fromEntries(await Promise.all(gaps));
}
