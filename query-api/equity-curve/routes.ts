import { z } from "zod";
import { withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField } from "../../platform/fields/fields.ts";
import type { Route } from "../../platform/http/route.ts";
import type { EquityCurveReader } from "../../projections/equity-curve/store.ts";
import type { PortfolioReader } from "../../projections/portfolios/store.ts";
import { ofOwnPortfolio } from "../reading/own.ts";
import { paged } from "../reading/paged.ts";
import {
  limitOf,
  pageParameters,
  timeRangeOf,
  timeRangeParameters,
} from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { rowJson, shown } from "../reading/row-json.ts";

const place = z.strictObject({ atMs: z.number(), sequence: z.number() });

const points: QueryDefinition<EquityCurveReader> = {
  tag: "risk",
  access: withAnyKey,
  path: "/v1/portfolios/{id}/equity-curve",
  operationId: "listEquityCurve",
  summary: "What the portfolio was worth at each assessment, and its NAV without deposits",
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "p-1" },
  isOfOneStream: true,
  query: z.strictObject({
    ...pageParameters,
    ...timeRangeParameters,
    order: z.enum(["oldest", "newest"]).optional(),
  }),
  data: z.array(
    z.object({
      at: shown.time,
      sequence: shown.count,
      equity: shown.decimal,
      nav: z.number(),
      drawdown: z.number(),
      complete: z.boolean(),
    }),
  ),
  run: async (reader, { path, query }, pages) => {
    const id = path["id"] as string;
    const newestFirst = query["order"] === "newest";
    const page = { after: pages.after(place), limit: limitOf(query), newestFirst };
    const found = await reader.points(id, timeRangeOf(query), page);
    if (found === null) {
      throw new PlatformError("NOT_FOUND", `portfolio ${id} was never assessed`, { facts: { id } });
    }
    return paged(found, pages, ({ atMs, ...point }) => {
      return { at: new Date(atMs).toISOString(), ...rowJson(point) };
    });
  },
};

export function equityCurveRoutes(
  model: ReadModel<EquityCurveReader>,
  portfolios: ReadModel<PortfolioReader>,
  parts: QueryParts,
): readonly Route[] {
  return [ofOwnPortfolio(queryRoute(model, points, parts), portfolios, parts)];
}
