import type { Response } from "express";
import { z } from "zod";
import { operators } from "../../platform/access/roles.ts";
import type { EventReader } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { type ExplainedRow, explainRow, keyOfRow } from "../../projections/explain/explain-row.ts";
import { registeredProjection } from "../../projections/registry.ts";
import type { Generations } from "../../projections/runner/generations.ts";
import type { Projection, Value } from "../../projections/runner/projection.ts";
import type { ReadStore } from "../../projections/runner/read-store.ts";
import { sendAnswer } from "../reading/answer.ts";
import { freshnessFields, freshnessOf } from "../reading/freshness.ts";
import { limitOf, pageParameters, textOf } from "../reading/parameters.ts";
import { answersOf, pagesOf, type QueryParts } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { awaitToken, queryHeaders, staleParameter } from "../reading/token-wait.ts";
import { EXPLANATION_DESCRIPTION, explanation, explanationOf } from "./explain-answer.ts";
import { type ChosenTable, chosenKey, chosenTable } from "./explained-row.ts";

const EXPLAIN_ROW = "explainRow";
/** Explanations at a time; each decodes and projects events in this process. */
const EXPLANATIONS = 4;

/** One generation, opened with this process's login; whoever opened it closes it. */
export type OpenRows = (
  projection: string,
  generation: number,
) => Promise<Pick<ReadStore, "row" | "checkpoints" | "close">>;

/** A read model by the generation that this process answers from. */
type AnsweringModel = Pick<
  ReadModel<never>,
  "name" | "generation" | "isReadable" | "positions" | "covers" | "hasPassed"
>;

export interface ExplainRouteParts extends QueryParts {
  readonly models: readonly AnsweringModel[];
  readonly generations: Pick<Generations, "of" | "parked">;
  readonly codec: Pick<EventReader, "prepare" | "decode">;
  readonly openRows: OpenRows;
}

const tableField = z.string().max(200).describe("Of the projection; its first where left out");
const keyField = z.string().max(4_096).describe("The values of the key columns, as a JSON array");

/** How a row of a read model came to be what it is. */
export function explainRoute(parts: ExplainRouteParts): Route {
  let underWay = 0;
  return {
    method: "GET",
    path: "/v1/projections/{name}/explain",
    operationId: EXPLAIN_ROW,
    tag: "operations",
    summary: "The events that made a row of a read model, and what was behind each",
    // Rows and events may be anybody's, and tables know no owners.
    access: operators,
    pathParameters: z.strictObject({ name: idField() }),
    pathExample: { name: "portfolios" },
    query: z.strictObject({
      table: tableField.optional(),
      key: keyField,
      ...pageParameters,
      ...staleParameter,
    }),
    body: null,
    headers: queryHeaders,
    answers: answersOf(EXPLANATION_DESCRIPTION, {
      generation: z.int(),
      ...freshnessFields,
      data: explanation,
      nextCursor: z.string().optional(),
    }),
    handle: async (request, response) => {
      if (underWay >= EXPLANATIONS) {
        throw new PlatformError("OVERLOADED", `${EXPLANATIONS} rows are being explained`);
      }
      underWay += 1;
      try {
        await explain(request, response, parts);
      } finally {
        underWay -= 1;
      }
    },
  };
}

async function explain(
  request: RouteRequest,
  response: Response,
  parts: ExplainRouteParts,
): Promise<void> {
  const model = modelNamed(request.path["name"] as string, parts.models);
  const { projection } = registeredProjection(model.name);
  const chosen = chosenTable(projection, textOf(request.query["table"]));
  const key = chosenKey(chosen, request.query["key"] as string);
  const { stale, uncovered } = await awaitToken(model, request, parts);
  const generation = await generationOf(model, projection, parts);
  const rows = await parts.openRows(projection.name, generation);
  try {
    const checkpoints = await rows.checkpoints();
    const origin = await rows.row(chosen.name, key);
    if (origin === null) throw noRow(chosen, key, { projection, generation });
    const parked = checkpoints.get(origin.partition)?.parked ?? [];
    const leftOut = parts.generations.parked.leftOutOf(projection.name);
    const discarded = leftOut.get(origin.partition) ?? [];
    const row = { projection, table: chosen.name, origin, parked, discarded };
    const content = await pageOf(row, { generation, request, parts });
    const positions = new Map([...checkpoints].map(([at, { next }]) => [at, next]));
    const body = {
      generation,
      ...(await freshnessOf(positions, parts)),
      ...(stale ? { stale } : {}),
      ...(uncovered.length > 0 ? { uncovered } : {}),
      ...content,
    };
    const outgoing = { positions, generation: String(generation), content, body };
    await sendAnswer(response, request, { outgoing, log: parts.log });
  } finally {
    await rows.close();
  }
}

const placeField = z.strictObject({
  told: z.int().nullable(),
  next: z.int(),
  highestClaim: z.int(),
});

async function pageOf(
  row: ExplainedRow,
  asked: {
    readonly generation: number;
    readonly request: RouteRequest;
    readonly parts: ExplainRouteParts;
  },
) {
  const { generation, request, parts } = asked;
  const { projection, table, origin } = row;
  // A cursor is of one row, from where it began, in one generation.
  const of = [EXPLAIN_ROW, projection.name, generation, table, keyOfRow(row), origin.first];
  const pages = pagesOf(request, JSON.stringify(of), parts.cursorKey);
  const wanted = { after: pages.after(placeField), limit: limitOf(request.query) };
  const page = await explainRow(row, wanted, parts);
  const data = explanationOf(row, page);
  return page.next === null ? { data } : { data, nextCursor: pages.cursorAt(page.next) };
}

function modelNamed(name: string, models: readonly AnsweringModel[]): AnsweringModel {
  const model = models.find((one) => one.name === name);
  if (model !== undefined) return model;
  const known = models.map((one) => one.name).join(", ");
  throw new PlatformError("NOT_FOUND", `there is no read model ${name}; there are ${known}`);
}

/** What is projected here must be what was projected there, and there rows know their beginning. */
async function generationOf(
  model: AnsweringModel,
  { name, version }: Projection,
  { generations }: ExplainRouteParts,
): Promise<number> {
  const { generation } = (await model.isReadable()) ? model : { generation: null };
  if (generation === null) {
    throw new PlatformError("NOT_READY", `the read model ${name} is not there yet`);
  }
  const built = generations.of(name).find((one) => one.generation === generation);
  if (built?.version === version) return generation;
  const detail =
    `generation ${generation} of ${name} was built at version ${built?.version}, and this is ` +
    `version ${version}: its rows can be explained once a generation of that is promoted`;
  throw new PlatformError("NOT_READY", detail, { facts: { projection: name, generation } });
}

function noRow(
  { name: table }: ChosenTable,
  key: readonly Value[],
  of: { readonly projection: Projection; readonly generation: number },
): PlatformError {
  const { projection, generation } = of;
  const detail =
    `${table} of ${projection.name} has no row ${JSON.stringify(key)} in generation ` +
    `${generation}: it was never made, or it was deleted`;
  return new PlatformError("NOT_FOUND", detail, { facts: { table, key } });
}
