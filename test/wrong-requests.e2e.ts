import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { catalogueOf } from "../command-side/aggregate.ts";
import { EXAMPLE_DOCUMENT } from "../command-side/contexts/strategies/strategy/commands.ts";
import { aggregates } from "../command-side/registry.ts";
import { readConfig } from "../platform/config/config.ts";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { documentRoutes } from "../platform/http/docs.ts";
import type { Route } from "../platform/http/route.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { portfolios as portfoliosProjection } from "../projections/portfolios/projection.ts";
import { type Prepared, type WrongRequest, wrongRequests } from "./wrong-requests/cases.ts";
import { ranges } from "./wrong-requests/ranges.ts";
import { breakOff, exchange, headOf, sendRaw } from "./wrong-requests/raw-request.ts";

const KINDS_PER_ROUTE = 3;
/** Far fewer would mean that the generator has lost a kind. */
const LEAST_REQUESTS = 2_500;
const READY_WITHIN_MILLISECONDS = 60_000;
const LOOK_EVERY_MILLISECONDS = 50;
const REQUESTS_AT_A_TIME = 16;
const JSON_TYPE = { "Content-Type": "application/json" };
const PROBLEM = "application/problem+json";
const USED_COMMAND_IDS = {
  portfolios: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e01",
  instruments: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e02",
  quarantines: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e03",
  projections: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e04",
  traders: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e05",
  strategies: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e06",
  "risk-books": "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e07",
};
const NOTHING_FOREIGN = { logId: "another-log", positions: new Map() };
const PREPARED: Prepared = {
  foreignToken: encodeConsistencyToken(NOTHING_FOREIGN),
  usedCommandIds: USED_COMMAND_IDS,
};

describe("wrong requests", function () {
  this.timeout(300_000);
  let folder: string;
  let platform: Platform;
  let routes: readonly Route[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-wrong-"));
    const config = readConfig({ CH_DATA_FOLDER: folder });
    const logger = createLogger("error");
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger, port: 0 });
    const catalogue = catalogueOf(aggregates);
    const documents = documentRoutes({ routes: platform.routes, catalogue, version: "1" });
    routes = [...platform.routes, ...documents];
    await untilOk(`${platform.url}/readyz`);
    await prepare(platform.url);
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are refused, each with the status and the code that it must get", async () => {
    const before = await eventsOf(platform.url);
    const wrong: string[] = [];
    let requests = 0;
    for (const route of routes) {
      const cases = wrongRequests(route, PREPARED);
      const kinds = new Set(cases.map(({ kind }) => kind));
      if (kinds.size < KINDS_PER_ROUTE) wrong.push(`${route.operationId}: only ${[...kinds]}`);
      const found = await inParallel(cases, (one) => failureOf(platform.url, one));
      wrong.push(...found.flatMap((one) => (one === null ? [] : `${route.operationId}: ${one}`)));
      requests += cases.length;
    }
    expect(wrong.join("\n")).to.equal("");
    expect(requests).to.be.above(LEAST_REQUESTS);
    expect(await eventsOf(platform.url), "what the log holds").to.deep.equal(before);
  });

  it("stand in the table of ranges for every route that takes a body, and for no other name", () => {
    const names = routes.map(({ operationId }) => operationId);
    const taking = routes.filter(({ body }) => body !== null).map((route) => route.operationId);
    expect(Object.keys(ranges)).to.include.members(taking);
    expect(names).to.include.members(Object.keys(ranges));
  });

  it("name the version that the aggregate has", async () => {
    const { version } = (await jsonOf(platform.url, "/v1/portfolios/p-1")).data;
    const answer = await fetch(`${platform.url}/v1/portfolios/p-1/deposit-funds`, {
      method: "POST",
      headers: { ...JSON_TYPE, "If-Match": '"999"' },
      body: JSON.stringify({ asset: "USDT", amount: "1", externalReference: "never" }),
    });
    expect(await answer.json()).to.include({ code: "VERSION_CONFLICT", actualVersion: version });
  });

  it("among commands are answered line by line, and harm no other line", async () => {
    const lines = COMMAND_LINES.map(([line]) => line);
    const answer = await postLines(platform.url, "/v1/commands", lines);
    const results = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const codes = results.map(({ outcome, code }) => (outcome === "accepted" ? outcome : code));
    expect(codes).to.deep.equal(COMMAND_LINES.map(([, code]) => code));
    const failed = results.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const expected = COMMAND_LINES.flatMap(([, code], at) => (code === "accepted" ? [] : [at + 1]));
    expect(failed).to.deep.equal(expected);
  });

  for (const form of ["an array", "lines"] as const) {
    it(`among ticks in ${form} are counted and named, and harm no other tick`, async () => {
      const right = form === "an array" ? RIGHT_TICKS : RIGHT_TICKS.map(asOfAnotherDay);
      const ticks = [right[0], ...WRONG_TICKS.map(([tick]) => tick), right[1]] as string[];
      const path = "/v1/market/ticks?source=backfill";
      const answer =
        form === "an array"
          ? await post(platform.url, path, `[${ticks.join(",")}]`)
          : await postLines(platform.url, path, [...ticks, '{"cut off']);
      const { errors, ...counts } = (await answer.json()) as TicksAnswer;
      const rejected = WRONG_TICKS.length + (form === "lines" ? 1 : 0);
      const others = { duplicates: 0, beyondHorizon: 0, quarantined: 0 };
      expect(counts).to.deep.equal({ accepted: 2, rejected, ...others });
      const pointers = errors.map(({ pointer }) => pointer);
      const expected = WRONG_TICKS.map(([, member], index) => `/${index + 1}${member}`);
      expect(pointers.slice(0, expected.length)).to.deep.equal(expected);
    });
  }

  it("among ticks once set aside are counted again when they are replayed", async () => {
    const path = "/v1/quarantines/binance:NEWUSDT/replay";
    const answer = await fetch(platform.url + path, { method: "POST" });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.include({ accepted: 0, rejected: 3, quarantined: 0 });
  });

  it("that are no HTTP get an answer that is a problem", async () => {
    const wrong: string[] = [];
    for (const [name, head, code] of NO_HTTP) {
      const answer = await exchange(platform.url, Buffer.from(head, "latin1"), false);
      const isRight =
        answer !== "no answer" &&
        answer.status < 500 &&
        answer.contentType === PROBLEM &&
        JSON.parse(answer.body).code === code;
      if (!isRight) wrong.push(`${name}: ${JSON.stringify(answer).slice(0, 300)}`);
    }
    expect(wrong.join("\n")).to.equal("");
  });

  it("that a client abandons in the middle leave nothing behind", async () => {
    const before = await eventsOf(platform.url);
    const breaks = routes.flatMap((route) => abandoned(platform.url, route));
    expect(breaks.length).to.be.above(routes.length);
    await inParallel(breaks, (bytes) => breakOff(platform.url, bytes));
    expect(await eventsOf(platform.url)).to.deep.equal(before);
  });

  it("leave a process that is ready and decides as before", async () => {
    expect((await fetch(`${platform.url}/readyz`)).status).to.equal(200);
    const { version } = (await jsonOf(platform.url, "/v1/portfolios/p-1")).data;
    const funds = { asset: "USDT", amount: "1", externalReference: "after" };
    const answer = await send(platform.url, "/v1/portfolios/p-1/deposit-funds", funds);
    expect(((await answer.json()) as { version: number }).version).to.equal(version + 1);
  });
});

interface TicksAnswer {
  readonly accepted: number;
  readonly errors: readonly { readonly pointer: string }[];
}

const OPEN = '"aggregate":"portfolio","id":"p-2","type":"OpenPortfolio"';

/** A line of `/v1/commands` and what it comes to. */
const COMMAND_LINES: readonly (readonly [string, string])[] = [
  ["{", "MALFORMED_JSON"],
  ["7", "INVALID_REQUEST"],
  ["[]", "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"Second"}}`, "accepted"],
  [`{${OPEN},"data":{"name":"Third"}}`, "PORTFOLIO_ALREADY_OPEN"],
  [`{${OPEN},"data":{"name":7}}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"Second","__proto__":{"a":1}}}`, "INVALID_REQUEST"],
  [`{${OPEN}}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"noSuchField":1}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"commandId":"7"}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"expectedVersion":-1}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"expectedVersion":1e999}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"expectedVersion":"some"}`, "INVALID_REQUEST"],
  [`{${OPEN},"data":{"name":"a"},"expectedVersion":"none"}`, "VERSION_CONFLICT"],
  ['{"aggregate":"wallet","id":"p-2","type":"OpenPortfolio","data":{}}', "INVALID_REQUEST"],
  ['{"aggregate":"__proto__","id":"p-2","type":"toString","data":{}}', "INVALID_REQUEST"],
  ['{"aggregate":"portfolio","id":"p-2","type":"constructor","data":{}}', "INVALID_REQUEST"],
  ['{"aggregate":"portfolio","id":"p 2","type":"OpenPortfolio","data":{}}', "INVALID_REQUEST"],
  [
    withdrawal('"p-2","data":{"asset":"USDT","amount":"5","externalReference":"w"}'),
    "INSUFFICIENT_FUNDS",
  ],
  [
    withdrawal('"p-2","data":{"asset":"USDT","amount":1e-19,"externalReference":"w"}'),
    "INVALID_REQUEST",
  ],
  [withdrawal('"p-9","data":{"asset":"USDT","amount":"5","externalReference":"w"}'), "NOT_FOUND"],
  [
    '{"aggregate":"portfolio","id":"p-3","type":"OpenPortfolio","data":{"name":"Third"}}',
    "accepted",
  ],
  ['{"aggregate":"portfolio"', "MALFORMED_JSON"],
];

function withdrawal(rest: string): string {
  return `{"aggregate":"portfolio","type":"WithdrawFunds","id":${rest}}`;
}

const TIME_MS = 1_723_161_255_342;

function tickText(fields: Readonly<Record<string, string>>): string {
  const right = {
    exchange: '"binance"',
    symbol: '"BTCUSDT"',
    price: '"61837.63"',
    volume: "0.02",
    timestamp: String(TIME_MS),
  };
  const members = Object.entries({ ...right, ...fields }).filter(([, source]) => source !== "");
  return `{${members.map(([name, source]) => `"${name}":${source}`).join(",")}}`;
}

const RIGHT_TICKS = [tickText({}), tickText({ price: "61838", tradeId: '"3735683259"' })];

function asOfAnotherDay(tick: string): string {
  return tick.replace(String(TIME_MS), String(TIME_MS + 86_400_000)).replace("3259", "9999");
}

/** A tick and the member of it that is wrong. */
const WRONG_TICKS: readonly (readonly [string, string])[] = [
  [tickText({ price: '"0"' }), "/price"],
  [tickText({ price: "-1" }), "/price"],
  [tickText({ price: '"1e-19"' }), "/price"],
  [tickText({ price: "1e400" }), "/price"],
  [tickText({ price: `"${"9".repeat(39)}"` }), "/price"],
  [tickText({ price: "" }), "/price"],
  [tickText({ volume: '"-0.1"' }), "/volume"],
  [tickText({ volume: "null" }), "/volume"],
  [tickText({ timestamp: "1.5" }), "/timestamp"],
  [tickText({ timestamp: "-1" }), "/timestamp"],
  [tickText({ timestamp: '"yesterday"' }), "/timestamp"],
  [tickText({ timestamp: "1e300" }), "/timestamp"],
  [tickText({ exchange: '"a:b"' }), "/exchange"],
  [tickText({ symbol: '""' }), "/symbol"],
  [tickText({ symbol: '"a\\u0000"' }), "/symbol"],
  [tickText({ side: '"BUY"' }), "/side"],
  [tickText({ tradeId: "1.5" }), "/tradeId"],
  [tickText({ tradeId: '"1"', trade_id: '"1"' }), "/trade_id"],
  [tickText({ noSuchField: "1" }), "/noSuchField"],
  ["7", ""],
  ["null", ""],
  ["[]", ""],
];

const HOST = "Host: localhost\r\n";
const CHUNKED = `POST /v1/market/ticks HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const NO_HTTP: readonly (readonly [string, string, string])[] = [
  ["no request line", "\u0016\u0003\u0001\u0002\r\n\r\n", "INVALID_REQUEST"],
  ["no such method", `BREW / HTTP/1.1\r\n${HOST}\r\n`, "INVALID_REQUEST"],
  ["no Host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", "INVALID_HEADER"],
  ["another HTTP", `GET /livez HTTP/9.9\r\n${HOST}\r\n`, "INVALID_REQUEST"],
  ["two lengths", `${CHUNKED}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, "INVALID_REQUEST"],
  ["a length below zero", `${CHUNKED}Content-Length: -1\r\n\r\n`, "INVALID_REQUEST"],
  [
    "a length and chunks",
    `${CHUNKED}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`,
    "INVALID_REQUEST",
  ],
  ["a chunk of no length", `${CHUNKED}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, "INVALID_REQUEST"],
  ["a header without a name", `GET /livez HTTP/1.1\r\n${HOST}: x\r\n\r\n`, "INVALID_REQUEST"],
  [
    "an address that is not ASCII",
    `GET /livez?\u00e9 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    "INVALID_REQUEST",
  ],
  ["no such route", `GET /v2/x HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, "ROUTE_NOT_FOUND"],
  [
    "a slash too many",
    `GET /livez/ HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    "ROUTE_NOT_FOUND",
  ],
];

/** The head alone, and the head with half of a body. */
function abandoned(url: string, route: Route): Uint8Array[] {
  const right = wrongRequests(route, PREPARED).find(({ kind }) => kind === "method");
  if (right === undefined) throw new Error(`${route.path} has no wrong method`);
  const request = { ...right, method: route.method };
  const body = Buffer.from(request.body ?? "");
  const head = Buffer.from(headOf(request, new URL(url).host, body.length));
  const half = body.subarray(0, Math.floor(body.length / 2));
  return [head.subarray(0, head.length - 3), Buffer.concat([head, half])];
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_A_TIME }, worker));
  return results;
}

/** What was answered if it is not what the case names; null: it is. */
async function failureOf(url: string, wrong: WrongRequest): Promise<string | null> {
  const answer = await sendRaw(url, wrong);
  const name = `${wrong.kind}, ${wrong.name}: ${wrong.status} ${wrong.code}`;
  if (answer === "no answer") return `${name}, but no answer`;
  const { status, contentType, body } = answer;
  const problem = contentType === PROBLEM ? JSON.parse(body) : {};
  const isRight =
    status === wrong.status && problem.code === wrong.code && problem.status === status;
  return isRight ? null : `${name}, but ${status} ${contentType} ${body.slice(0, 300)}`;
}

function post(url: string, path: string, body: string): Promise<Response> {
  return fetch(url + path, { method: "POST", headers: JSON_TYPE, body });
}

function postLines(url: string, path: string, lines: readonly string[]): Promise<Response> {
  const headers = { "Content-Type": "application/x-ndjson" };
  return fetch(url + path, { method: "POST", headers, body: lines.join("\n") });
}

/** Every event of the topics that the examples' aggregates are in. */
async function eventsOf(url: string): Promise<unknown> {
  const topics = ["market.events", "market.quarantine", "portfolio.events"];
  const path = (topic: string) => `/v1/events?limit=500&topic=${topic}`;
  return Promise.all(topics.map(async (topic) => (await jsonOf(url, path(topic))).data));
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape
async function jsonOf(url: string, path: string): Promise<{ readonly data: any }> {
  const answer = await fetch(url + path);
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as { data: unknown };
}

async function untilOk(url: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  while (!(await fetch(url)).ok) {
    if (performance.now() > deadline) throw new Error(`${url} was not ready in time`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

/** The aggregates of the routes' examples, each having taken a command of a known id. */
async function prepare(url: string): Promise<void> {
  const { portfolios, instruments, quarantines, projections, traders, strategies } =
    USED_COMMAND_IDS;
  await send(url, "/v1/portfolios/p-1/open-portfolio", { name: "Main" });
  const funds = { asset: "USDT", amount: "1000000", externalReference: "before" };
  const answer = await send(url, "/v1/portfolios/p-1/deposit-funds", funds, portfolios);
  const token = answer.headers.get("Consistency-Token") ?? "";
  const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
  const steps = { priceStep: "0.01", quantityStep: "0.00001" };
  const instrument = "/v1/instruments/binance:BTC-USDT";
  await send(url, `${instrument}/register-instrument`, { ...listing, ...steps });
  await send(url, `${instrument}/add-instrument-alias`, { symbol: "BTC-OTHER" }, instruments);
  const set = { reason: "absurd", ticks: ["{}", "no JSON {", '"{}"'] };
  await send(url, "/v1/quarantines/binance:NEWUSDT/quarantine-ticks", set, quarantines);
  const { version } = portfoliosProjection;
  const rebuild = { version, reason: "a command id to be used again" };
  await send(url, "/v1/projections/portfolios/start-generation", rebuild, projections);
  await send(url, "/v1/traders/t-2/register-trader", { handle: "t_2" });
  const profile = { handle: "steady_hands", acceptsCopiers: true };
  await send(url, "/v1/traders/t-1/register-trader", profile, traders);
  for (const id of ["strategy_123", "s-1"]) {
    await send(url, "/v1/strategies", { _id: id, ...EXAMPLE_DOCUMENT });
    const revised = { ...EXAMPLE_DOCUMENT, tags: ["revised"] };
    await send(url, `/v1/strategies/${id}/revise-strategy`, revised, strategies);
  }
  const halted = { state: "halted", reason: "before" };
  await send(url, "/v1/risk-books/p-1/set-trading-state", halted, USED_COMMAND_IDS["risk-books"]);
  const headers = { "Consistency-Token": token, Prefer: "wait=30" };
  const shown = await fetch(`${url}/v1/portfolios/p-1`, { headers });
  if (!shown.ok) throw new Error(await shown.text());
  await untilOk(url + instrument);
  await untilOk(`${url}/v1/strategies/s-1`);
  await untilAssessed(url, 2);
}

/** Later the process manager has nothing more to do: what the log holds stays as it is. */
async function untilAssessed(url: string, portfolioSequence: number): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  for (;;) {
    const { data } = await jsonOf(url, "/v1/portfolios/p-1/risk");
    if (data?.portfolioSequence === portfolioSequence) return;
    if (performance.now() > deadline) throw new Error(`not assessed: ${JSON.stringify(data)}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

async function send(
  url: string,
  path: string,
  body: unknown,
  commandId: string = crypto.randomUUID(),
): Promise<Response> {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": commandId };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return answer;
}
