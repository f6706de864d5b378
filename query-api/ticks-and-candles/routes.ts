import { z } from "zod";
import { withAnyKey } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { idField, timeField } from "../../platform/fields/fields.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import { bucketStart, type Interval, intervals } from "../../platform/market/interval.ts";
import type { MarketReader } from "../../projections/ticks-and-candles/store.ts";
import { paged } from "../reading/paged.ts";
import {
  limitOf,
  numberOf,
  pageParameters,
  timeRangeOf,
  timeRangeParameters,
} from "../reading/parameters.ts";
import { type QueryDefinition, type QueryParts, queryRoute } from "../reading/query-route.ts";
import type { ReadModel } from "../reading/read-model.ts";
import { rowJson } from "../reading/row-json.ts";
import * as answers from "./answers.ts";

type Query = QueryDefinition<MarketReader>;

/** The whole of time, for ranges that name no border. */
const BEGINNING_MS = 0;
const END_MS = 253_402_300_799_999;

const tickPlace = z.strictObject({
  timeMs: z.number(),
  orderId: z.number(),
  ordinal: z.number(),
  era: z.number(),
});

const common = {
  tag: "market-data",
  access: withAnyKey,
  pathParameters: z.strictObject({ id: idField() }),
  pathExample: { id: "binance:BTC-USDT" },
  isOfOneStream: true,
} as const;

/** Queries on the read model of ticks and candles. */
export function marketRoutes(model: ReadModel<MarketReader>, parts: QueryParts): readonly Route[] {
  return [...queries, candlesQuery(parts.clock)].map((query) => queryRoute(model, query, parts));
}

const list: Query = {
  ...common,
  pathParameters: null,
  pathExample: {},
  path: "/v1/instruments",
  operationId: "listInstruments",
  summary: "All instruments, in order of their ids",
  query: z.strictObject(pageParameters),
  data: z.array(answers.instrument),
  run: async (reader, { query }, pages) => {
    const page = { after: pages.after(z.string()), limit: limitOf(query) };
    return paged(await reader.instruments(page), pages);
  },
};

const one: Query = {
  ...common,
  path: "/v1/instruments/{id}",
  operationId: "getInstrument",
  summary: "One instrument: symbol, aliases, steps and status",
  query: z.strictObject({}),
  data: answers.instrument,
  run: async (reader, request) => ({ data: rowJson(await existing(reader, request)) }),
};

const lastPrice: Query = {
  ...common,
  path: "/v1/instruments/{id}/last-price",
  operationId: "getLastPrice",
  summary: "Price, volume and time of the last trade",
  query: z.strictObject({}),
  data: answers.lastPrice.nullable(),
  run: async (reader, request) => {
    const { instrumentId } = await existing(reader, request);
    const last = await reader.lastPrice(instrumentId);
    return { data: last && withTimestamp(last) };
  },
};

const ticker: Query = {
  ...common,
  path: "/v1/instruments/{id}/ticker",
  operationId: "getTicker",
  summary: "Figures of 24 hours, up to a time or up to the last trade",
  query: z.strictObject({ at: timeField().optional() }),
  data: answers.ticker.nullable(),
  run: async (reader, request) => {
    const { instrumentId } = await existing(reader, request);
    const found = await reader.ticker(instrumentId, numberOf(request.query["at"]));
    if (found === null) return { data: null };
    const { timestampMs, ...rest } = found;
    return { data: { timestamp: timestampMs, ...rowJson(rest) } };
  },
};

const ticks: Query = {
  ...common,
  path: "/v1/instruments/{id}/ticks",
  operationId: "listTicks",
  summary: "Trades in tick order: time, then trade id where ids rise, else ordinal",
  query: z.strictObject({
    ...pageParameters,
    ...timeRangeParameters,
    order: z.enum(["oldest", "newest"]).optional(),
  }),
  data: z.array(answers.tick),
  run: async (reader, request, pages) => {
    const { instrumentId } = await existing(reader, request);
    const page = {
      after: pages.after(tickPlace),
      limit: limitOf(request.query),
      newestFirst: request.query["order"] === "newest",
    };
    return paged(await reader.ticks(instrumentId, rangeOf(request), page), pages, withTimestamp);
  },
};

const vwap: Query = {
  ...common,
  path: "/v1/instruments/{id}/vwap",
  operationId: "getVwap",
  summary: "Volume-weighted average price of the trades of any window, exact",
  query: z.strictObject({ from: timeField(), to: timeField() }),
  data: answers.vwap,
  run: async (reader, request) => {
    const { instrumentId } = await existing(reader, request);
    return { data: rowJson(await reader.vwap(instrumentId, rangeOf(request))) };
  },
};

const queries: readonly Query[] = [list, one, lastPrice, ticker, ticks, vwap];

/** Without a range the newest candles, as many as the limit says. */
function candlesQuery(clock: () => number): Query {
  return {
    ...common,
    path: "/v1/instruments/{id}/candles",
    operationId: "listCandles",
    summary: "Candles of an interval, the running one included (complete: false)",
    query: z.strictObject({
      interval: z.enum(intervals as [Interval, ...Interval[]]),
      ...timeRangeParameters,
      limit: pageParameters.limit,
      fill: z.enum(["none", "previous"]).optional(),
      cursor: pageParameters.cursor,
    }),
    data: z.array(answers.candle),
    run: async (reader, request, pages) => {
      const { instrumentId } = await existing(reader, request);
      const { interval, fill } = request.query as {
        interval: Interval;
        fill?: "none" | "previous";
      };
      const limit = limitOf(request.query);
      const range = await candleRange(reader, instrumentId, { request, interval, limit });
      const fromMs = pages.after(z.number()) ?? range.fromMs;
      const page = await reader.candles(instrumentId, {
        fromMs,
        toMs: range.toMs,
        interval,
        limit,
        fill: fill ?? "none",
        nowMs: clock(),
      });
      const nextCursor = page.nextFromMs === null ? null : pages.cursorAt(page.nextFromMs);
      return { data: page.candles.map(rowJson), nextCursor };
    },
  };
}

async function candleRange(
  reader: MarketReader,
  instrumentId: string,
  asked: { request: RouteRequest; interval: Interval; limit: number },
): Promise<{ fromMs: number; toMs: number }> {
  const { request, interval, limit } = asked;
  const given = rangeOf(request);
  if (request.query["from"] !== undefined) return given;
  const last = await reader.lastPrice(instrumentId);
  const toMs = Math.min(given.toMs, (last?.timeMs ?? 0) + 1);
  let fromMs = bucketStart(Math.max(0, toMs - 1), interval);
  for (let i = 1; i < limit && fromMs > 0; i += 1) fromMs = bucketStart(fromMs - 1, interval);
  return { fromMs, toMs };
}

function rangeOf({ query }: RouteRequest): { fromMs: number; toMs: number } {
  const { fromMs, toMs } = timeRangeOf(query);
  return { fromMs: fromMs ?? BEGINNING_MS, toMs: toMs ?? END_MS };
}

function withTimestamp<T extends { readonly timeMs: number }>({ timeMs, ...rest }: T) {
  return { timestamp: timeMs, ...rest };
}

async function existing(reader: MarketReader, request: RouteRequest) {
  const id = request.path["id"] as string;
  const instrument = await reader.instrument(id);
  if (instrument) return instrument;
  throw new PlatformError("NOT_FOUND", `there is no instrument ${id}`, { facts: { id } });
}
