import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { catalogueOf } from "../command-side/aggregate.ts";
import { aggregates } from "../command-side/registry.ts";
import { readConfig } from "../platform/config/config.ts";
import { documentRoutes } from "../platform/http/docs.ts";
import type { Route } from "../platform/http/route.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { addressOf, type Example, examplesOf, type OpenApi } from "./openapi-examples.ts";

const COMMITTED = new URL("../docs/reference/openapi.json", import.meta.url);
const READY_WITHIN_MILLISECONDS = 60_000;
const LOOK_EVERY_MILLISECONDS = 50;

/** An aggregate of its own for a command's example, and the commands that make it fit. */
interface Fitting {
  /** The path's id; what stands in the document if not said. */
  readonly id?: string;
  /** Paths and bodies, sent before. */
  readonly before?: readonly (readonly [string, unknown])[];
}

const TRADE = {
  instrumentId: "binance:BTC-USDT",
  tradeId: "199025959",
  side: "buy",
  price: "60000",
  quantity: "0.5",
  occurredAt: "2026-01-31T12:00:00Z",
};
const FUNDS = { asset: "USDT", amount: "100000", externalReference: "before" };

function portfolio(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const all = [["open-portfolio", { name: "Before" }] as const, ...commands];
  return { id, before: all.map(([name, body]) => [`/v1/portfolios/${id}/${name}`, body]) };
}

const TICK_LATER = { timeMs: 1_723_500_000_000, price: "60000", volume: "1" };

function instrument(base: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const listing = { exchange: "binance", symbol: `${base}USDT`, base, quote: "USDT" };
  const body = { ...listing, priceStep: "0.01", quantityStep: "0.00001" };
  const id = `binance:${base}-USDT`;
  const all = [["register-instrument", body] as const, ...commands];
  return { id, before: all.map(([name, sent]) => [`/v1/instruments/${id}/${name}`, sent]) };
}

/** A trader beside a leader `t-2` that lets others copy. */
function trader(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const known: [string, unknown][] = [
    ["/v1/traders/t-2/register-trader", { handle: "t_2", acceptsCopiers: true }],
    [`/v1/traders/${id}/register-trader`, { handle: id }],
  ];
  const all = commands.map(([name, body]): [string, unknown] => [
    `/v1/traders/${id}/${name}`,
    body,
  ]);
  return { id, before: [...known, ...all] };
}

/** One that copies `t-2` with a portfolio of 100,000 USDT, which `p-1` of the examples is. */
function copier(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  return trader(id, ["start-copying", COPY], ...commands);
}

const COPY = { leader: "t-2", portfolioId: "p-1", allocation: "500" };

const MOMENTUM = {
  name: "Before",
  type: "momentum",
  rules: [{ indicator: "RSI", condition: "above_70", action: "sell" }],
  risk_profile: { max_loss: 0.05, volatility: 0.2 },
  instruments: ["binance:BTC-USDT"],
  interval: "1h",
  portfolio: "p-1",
};

function strategy(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const all = [["create-strategy", MOMENTUM] as const, ...commands];
  const sent = all.map(([name, body]) => [`/v1/strategies/${id}/${name}`, body] as const);
  const [name, body] = limited("drawdown", "0.2");
  return { id, before: [[`/v1/risk-books/p-1/${name}`, body], ...sent] };
}

const ASSESSMENT = {
  trigger: "portfolio",
  portfolioSequence: 3,
  minuteAt: null,
  baseCurrency: "USDT",
  holdings: [{ asset: "BTC", quantity: "1" }],
  prices: [{ asset: "BTC", price: "60000", at: "2026-01-31T12:00:00Z", instrumentId: null }],
  flows: [{ asset: "USDT", net: "100000" }],
};

/** The risk book of a portfolio that is open. */
function riskBook(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const { before = [] } = portfolio(id);
  const all = commands.map(([name, body]) => [`/v1/risk-books/${id}/${name}`, body] as const);
  return { id, before: [...before, ...all] };
}

function limited(kind: string, limit: string): readonly [string, unknown] {
  return ["set-risk-limit", { kind, limit }];
}

/** Of a projection that nobody builds, so that only the commands here move its generations. */
function generations(id: string, ...commands: readonly (readonly [string, unknown])[]): Fitting {
  const start = ["start-generation", { version: 1, reason: "before" }] as const;
  const all = [start, start, ...commands];
  return { id, before: all.map(([name, body]) => [`/v1/projections/${id}/${name}`, body]) };
}

const CAUGHT_UP = ["record-caught-up", { generation: 2, positions: {} }] as const;
const PARKED = [
  "record-parked-stream",
  {
    ...{ generation: 1, partition: "portfolio.events/0", stream: "p-1", position: 12 },
    ...{ sequence: 3, reason: "before", releases: 0 },
  },
] as const;
const PROMOTION = { generation: 2, rule: "forced", positions: {}, reason: "before" };

/** By operation, in the order of their running; every operation with a body must stand here. */
const FITTINGS: Readonly<Record<string, Fitting>> = {
  submitCommands: {},
  registerTrader: {},
  openPortfolio: { id: "p-open" },
  depositFunds: portfolio("p-deposit"),
  withdrawFunds: portfolio("p-withdraw", ["deposit-funds", FUNDS]),
  recordTrade: portfolio("p-trade", ["deposit-funds", FUNDS]),
  reverseTrade: portfolio("p-reverse", ["deposit-funds", FUNDS], ["record-trade", TRADE]),
  closePortfolio: portfolio("p-close"),
  registerInstrument: {},
  sendTicks: {},
  renameInstrument: instrument("RENAMED"),
  addInstrumentAlias: instrument("ALIASED"),
  changeInstrumentSteps: instrument("STEPPED"),
  delistInstrument: instrument("DELISTED"),
  declareBackfillRange: instrument("FILLED"),
  recordTicks: instrument("TICKED"),
  closeCandles: instrument("CLOSED"),
  reviseCandle: instrument("REVISED", ["record-ticks", { ticks: [TICK_LATER] }]),
  quarantineTicks: {},
  leaveNetwork: trader("t-leaves"),
  followTrader: trader("t-follows"),
  unfollowTrader: trader("t-unfollows", ["follow-trader", { leader: "t-2" }]),
  blockTrader: trader("t-blocks"),
  unblockTrader: trader("t-unblocks", ["block-trader", { blocked: "t-2" }]),
  startCopying: {
    ...trader("t-copies"),
    before: [...(trader("t-copies").before ?? []), ["/v1/portfolios/p-1/deposit-funds", FUNDS]],
  },
  adjustCopy: copier("t-adjusts"),
  pauseCopy: copier("t-pauses"),
  resumeCopy: copier("t-resumes", ["pause-copy", { leader: "t-2" }]),
  stopCopying: copier("t-stops"),
  setRiskLimit: riskBook("p-limit"),
  removeRiskLimit: riskBook("p-unlimited", limited("drawdown", "0.2")),
  resetLimit: riskBook("p-reset", limited("drawdown", "0.2")),
  acknowledgeBreach: riskBook(
    "p-breached",
    ["assess-risk", ASSESSMENT],
    limited("leverage", "0.5"),
  ),
  setTradingState: riskBook("p-reducing"),
  assessRisk: riskBook("p-assessed"),
  checkOrder: riskBook("p-checked", ["assess-risk", ASSESSMENT]),
  createStrategy: {},
  createStrategyDocument: {},
  reviseStrategy: strategy("s-revised"),
  forkStrategy: { id: "s-forked" },
  activateStrategy: strategy("s-activated"),
  pauseStrategy: strategy("s-paused", ["activate-strategy", {}]),
  archiveStrategy: strategy("s-archived"),
  publishStrategy: strategy("s-published"),
  unpublishStrategy: strategy("s-unpublished", ["publish-strategy", {}]),
  startGeneration: { id: "started" },
  recordCaughtUp: generations("caught-up"),
  recordVerification: generations("verified", CAUGHT_UP),
  recordVerificationFailure: generations("different", CAUGHT_UP),
  recordVerificationProgress: generations("compared-long", CAUGHT_UP),
  promoteGeneration: generations("promoted"),
  rollBackGeneration: generations("rolled-back", ["promote-generation", PROMOTION]),
  retireGeneration: generations("retired", ["promote-generation", PROMOTION]),
  cancelGeneration: generations("cancelled"),
  failGeneration: generations("failed"),
  pauseProjection: generations("paused"),
  resumeProjection: generations("resumed", ["pause-projection", { reason: "before" }]),
  recordParkedStream: generations("parked"),
  releaseStream: generations("released", PARKED),
  recordReleasedStream: generations("through", PARKED),
  discardParkedEvent: generations("discarded", PARKED),
};

describe("the API document", () => {
  let folder: string;
  let platform: Platform;
  let routes: ReadonlyMap<string, Route>;
  let document: OpenApi;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-examples-"));
    const config = readConfig({ CH_DATA_FOLDER: folder });
    const logger = createLogger("error");
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger, port: 0 });
    const catalogue = catalogueOf(aggregates);
    const documents = documentRoutes({ routes: platform.routes, catalogue, version: "1" });
    const all = [...platform.routes, ...documents];
    routes = new Map(all.map((route) => [route.operationId, route]));
    await untilOk(`${platform.url}/readyz`);
    document = (await (await fetch(`${platform.url}/openapi.json`)).json()) as OpenApi;
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("that is committed is the one that the platform serves", () => {
    expect(JSON.parse(readFileSync(COMMITTED, "utf8"))).to.deep.equal(document);
  });

  it("has every route, and each once", () => {
    const described = examplesOf(document).map(({ operation }) => operation.operationId);
    expect([...new Set(described)]).to.have.members([...routes.keys()]);
    const withBody = examplesOf(document).filter(({ body }) => body !== null);
    const names = new Set(withBody.map(({ operation }) => operation.operationId));
    expect([...names]).to.have.members(Object.keys(FITTINGS));
  });

  it("has examples that are accepted, and answered as it says", async () => {
    const examples = examplesOf(document);
    const wrong: (string | null)[] = [];
    for (const [operationId, { id, before = [] }] of Object.entries(FITTINGS)) {
      for (const [path, body] of before) await send(platform.url + path, body);
      const own = examples.filter(({ operation }) => operation.operationId === operationId);
      for (const example of own) wrong.push(await run(platform.url, example, routes, id));
    }
    await untilOk(`${platform.url}/v1/portfolios/p-1`);
    await untilOk(`${platform.url}/v1/instruments/binance:BTC-USDT`);
    await untilOk(`${platform.url}/v1/traders/t-1`);
    await untilOk(`${platform.url}/v1/strategies/s-1`);
    await untilOk(`${platform.url}/v1/portfolios/p-1/equity-curve`);
    for (const example of examples.filter(({ body }) => body === null)) {
      wrong.push(await run(platform.url, example, routes));
    }
    expect(wrong.filter((one) => one !== null).join("\n")).to.equal("");
  }).timeout(120_000);
});

/** What is wrong with the answer; null: nothing. */
async function run(
  url: string,
  example: Example,
  routes: ReadonlyMap<string, Route>,
  id?: string,
): Promise<string | null> {
  const { operation, method, contentType, body } = example;
  const ended = new AbortController();
  const response = await fetch(url + addressOf(example, id), {
    method,
    signal: ended.signal,
    ...(body === null ? {} : { body, headers: { "Content-Type": contentType ?? "" } }),
  });
  const type = (response.headers.get("Content-Type") ?? "").split(";")[0] ?? "";
  const isEndless = type === "text/event-stream";
  const text = isEndless ? "" : await response.text();
  ended.abort();
  const name = `${operation.operationId} (${contentType ?? method})`;
  const answer = routes.get(operation.operationId)?.answers.find(({ status }) => {
    return status === response.status;
  });
  if (answer === undefined || response.status >= 300) return `${name}: ${response.status} ${text}`;
  const problem = problemOf(text, { type, answer });
  return problem === null ? null : `${name}: ${problem} ${text.slice(0, 300)}`;
}

type Answer = Route["answers"][number];

/** An answer has the type and the form that the document says. */
function problemOf(
  text: string,
  { type, answer }: { readonly type: string; readonly answer: Answer },
): string | null {
  const isAnyFile = answer.contentType === "application/octet-stream";
  if (!isAnyFile && type !== answer.contentType) return `${type}, not ${answer.contentType}`;
  if (answer.schema === null || !type.includes("json")) return null;
  const values = type === "application/x-ndjson" ? text.trim().split("\n") : [text];
  for (const value of values) {
    const body = JSON.parse(value);
    const parsed = answer.schema.safeParse(body);
    if (!parsed.success) return parsed.error.message;
    if (body.outcome === "failed") return "a line has failed";
    if (body.accepted === 0 && body.rejected !== 0) return "nothing was accepted";
  }
  return null;
}

async function send(url: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
}

async function untilOk(url: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
  while (!(await fetch(url)).ok) {
    if (performance.now() > deadline) throw new Error(`${url} was not ready in time`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
