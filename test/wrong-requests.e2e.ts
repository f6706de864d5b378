import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { aggregates } from "../command-side/registry.ts";
import { readConfig } from "../platform/config/config.ts";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { documentRoutes } from "../platform/http/docs.ts";
import type { Route } from "../platform/http/route.ts";
import { catalogueOf } from "../command-side/aggregate.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { type Prepared, type WrongRequest, wrongRequests } from "./wrong-requests/cases.ts";
import { ranges } from "./wrong-requests/ranges.ts";
import { breakOff, exchange, headOf, sendRaw } from "./wrong-requests/raw-request.ts";

const KINDS_PER_ROUTE = 3;
const REQUESTS_AT_A_TIME = 16;
const PROBLEM = "application/problem+json";
const USED_COMMAND_IDS = {
  portfolios: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e01",
  instruments: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e02",
  quarantines: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e03",
  projections: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e04",
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
    await ready(platform.url);
    await prepare(platform.url);
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("x", async () => {
    for (const route of routes) {
      const cases = wrongRequests(route, PREPARED);
      const lines = await inParallel(cases, (one) => failureOf(platform.url, one));
      const bad = lines.filter((l) => l !== null);
      process.stdout.write(`${route.operationId}: ${cases.length} cases, ${new Set(cases.map((c) => c.kind)).size} kinds, ${bad.length} bad\n`);
      for (const b of bad) process.stdout.write(`   ${b}\n`);
    }
  });
});

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

async function ready(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** The aggregates of the routes' examples, each having taken a command of a known id. */
async function prepare(url: string): Promise<void> {
  const { portfolios, instruments, quarantines, projections } = USED_COMMAND_IDS;
  await send(url, "/v1/portfolios/p-1/open-portfolio", { name: "Main" });
  const funds = { asset: "USDT", amount: "1000000", externalReference: "before" };
  const answer = await send(url, "/v1/portfolios/p-1/deposit-funds", funds, portfolios);
  const token = answer.headers.get("Consistency-Token") ?? "";
  const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
  const steps = { priceStep: "0.01", quantityStep: "0.00001" };
  const instrument = "/v1/instruments/binance:BTC-USDT";
  await send(url, `${instrument}/register-instrument`, { ...listing, ...steps });
  await send(url, `${instrument}/add-instrument-alias`, { symbol: "BTC-OTHER" }, instruments);
  const set = { reason: "absurd", ticks: ["{}"] };
  await send(url, "/v1/quarantines/binance:NEWUSDT/quarantine-ticks", set, quarantines);
  const rebuild = { version: 1, reason: "a command id to be used again" };
  await send(url, "/v1/projections/portfolios/start-generation", rebuild, projections);
  const headers = { "Consistency-Token": token, Prefer: "wait=30" };
  const shown = await fetch(`${url}/v1/portfolios/p-1`, { headers });
  if (!shown.ok) throw new Error(await shown.text());
  for (;;) {
    const known = await fetch(`${url}${instrument}`);
    if (known.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
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
