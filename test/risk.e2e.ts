import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

const ID = "binance:BTC-USDT";
const WITHIN_MS = 60_000;
const LOOK_EVERY_MILLISECONDS = 25;
const PARTS = ["command-side", "projections", "query-api"] as const;

// biome-ignore lint/suspicious/noExplicitAny: answers of several routes, looked at member by member.
type Json = any;

describe("the risk of a portfolio", function () {
  this.timeout(180_000);
  let folder: string;
  let platform: Platform;
  let deposits = 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-risk-"));
    await start({});
  });

  afterEach(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true });
  });

  async function start(environment: Readonly<Record<string, string>>): Promise<void> {
    const config = readConfig({ CH_DATA_FOLDER: folder, ...environment });
    const logger = createLogger("error");
    platform = await startPlatform({ config, parts: PARTS, logger, port: 0 });
  }

  async function post(path: string, body: unknown): Promise<Json> {
    const response = await fetch(`${platform.url}/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    expect(response.ok, JSON.stringify(answer)).to.equal(true);
    return answer;
  }

  async function get(path: string): Promise<Json> {
    const response = await fetch(`${platform.url}/v1/${path}`);
    return response.ok ? ((await response.json()) as Json).data : null;
  }

  async function until(what: string, path: string, holds: (data: Json) => boolean): Promise<Json> {
    const deadline = performance.now() + WITHIN_MS;
    let data: Json = null;
    while (performance.now() < deadline) {
      data = await get(path);
      if (data !== null && holds(data)) return data;
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
    throw new Error(`${what} did not come: ${JSON.stringify(data)}`);
  }

  async function open(): Promise<void> {
    const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
    const steps = { priceStep: "0.01", quantityStep: "0.0001" };
    await post(`instruments/${ID}/register-instrument`, { ...listing, ...steps });
    await post("portfolios/p-1/open-portfolio", { name: "Main", owner: "t-1" });
    await deposit("100000");
    const trade = { instrumentId: ID, tradeId: "1", side: "buy", price: "60000", quantity: "1" };
    await post("portfolios/p-1/record-trade", { ...trade, occurredAt: Date.now() });
  }

  async function deposit(amount: string): Promise<void> {
    deposits += 1;
    const externalReference = `d-${deposits}`;
    await post("portfolios/p-1/deposit-funds", { asset: "USDT", amount, externalReference });
  }

  /** A live price, and a flow of nothing much that has the portfolio assessed by it. */
  async function priceIs(price: string): Promise<void> {
    const ticks = [{ timeMs: Date.now(), price, volume: "1" }];
    await post(`instruments/${ID}/record-ticks`, { ticks, source: "live" });
    await sleep(200);
    await deposit("0.01");
  }

  it("is assessed after its events at the latest prices, and drawn as a curve", async () => {
    await open();
    await priceIs("60000");
    await until("a price", "portfolios/p-1/risk", ({ complete }) => complete === true);
    await priceIs("30000");
    const risk = await until("the fall", "portfolios/p-1/risk", ({ drawdown }) => drawdown > 0.2);
    expect(risk.grossExposure).to.equal("30000");
    expect(risk.drawdown).to.be.closeTo(0.3, 1e-6);
    expect(risk).to.include({ insufficientData: true, volatility: null, tradingState: "active" });
    expect(risk.conventions.historical).to.include("ceil");
    // Another read model, which may be later.
    const isThere = (all: Json) => all.at(-1)?.equity === risk.equity;
    const curve = await until("the curve", "portfolios/p-1/equity-curve", isThere);
    expect(curve.at(-1)).to.include({ equity: risk.equity, nav: risk.nav });
    expect(await get("portfolios/p-1/risk/contributors")).to.have.length(1);
  });

  it("is shown at the latest tick, before the next assessment has seen it", async () => {
    await open();
    await priceIs("60000");
    await until("a price", "portfolios/p-1/risk", ({ complete }) => complete === true);
    const ticks = [{ timeMs: Date.now(), price: "90000", volume: "1" }];
    await post(`instruments/${ID}/record-ticks`, { ticks, source: "live" });
    const { now, ...assessed } = await until("the tick", "portfolios/p-1/risk", ({ now }) => {
      return now.grossExposure === "90000";
    });
    expect(assessed.grossExposure).to.equal("60000");
    expect(Number(now.equity) - Number(assessed.equity)).to.be.closeTo(30_000, 1e-6);
    expect(now).to.include({ cash: assessed.cash, complete: true });
    expect(now.positions).to.have.length(1);
    expect(now.positions[0]).to.include({ asset: "BTC", price: "90000", instrumentId: ID });
  });

  it("breaches a limit, which is told to who comes back for it, and stops orders", async () => {
    await open();
    await priceIs("60000");
    const limit = { kind: "drawdown", warnAt: "0.1", limit: "0.2", action: "reduce_only" };
    await post("risk-books/p-1/set-risk-limit", limit);
    const stream = `${platform.url}/v1/stream/events?topic=risk.events&type=LimitBreached`;
    const first = await firstEvent(`${stream}&from=start`, null, () => priceIs("30000"));
    expect(first.data).to.include('"breachId":"drawdown#1"');
    const order = { instrumentId: ID, side: "buy", quantity: "0.1", price: "30000" };
    const checked = await post("risk-books/p-1/check-order", order);
    expect(checked.answer.reasons.map(({ code }: Json) => code)).to.include("LIMIT_BREACHED");
    await priceIs("60000");
    const limits = "portfolios/p-1/risk/limits";
    await until("the clearing", limits, ([one]) => one.state === "ok");
    await priceIs("30000");
    const breaches = await until("both", "portfolios/p-1/risk/breaches", (all) => all.length === 2);
    expect(breaches.map(({ breachId }: Json) => breachId)).to.deep.equal([
      "drawdown#2",
      "drawdown#1",
    ]);
    expect(breaches[1].how).to.equal("cleared");
    const missed = await firstEvent(stream, first.id, async () => {});
    expect(missed.data).to.include('"breachId":"drawdown#2"');
    const near = await get("risk/near-limit");
    expect(near[0]).to.include({ portfolioId: "p-1", state: "breached" });
  });

  it("stays behind visibly when its process manager is away, and commands go on", async () => {
    await open();
    await priceIs("60000");
    await until("a price", "portfolios/p-1/risk", ({ complete }) => complete === true);
    await platform.stop();
    await start({ CH_PROCESS_MANAGERS: "candle-revision" });
    const { version: before } = await until("a portfolio", "portfolios/p-1", () => true);
    await deposit("5");
    await until("the deposit", "portfolios/p-1", ({ version }) => version === before + 1);
    const behind = await until("the risk", "portfolios/p-1/risk", () => true);
    expect(behind.portfolioSequence).to.equal(before);
    await platform.stop();
    await start({});
    await until("the assessment", "portfolios/p-1/risk", ({ portfolioSequence }) => {
      return portfolioSequence === before + 1;
    });
  });

  it("stands in the overview of its trader beside copies and strategies", async () => {
    await open();
    await priceIs("60000");
    await until("a price", "portfolios/p-1/risk", ({ complete }) => complete === true);
    await post("traders/t-1/register-trader", { handle: "first_one" });
    const shown = await until("the trader", "traders/t-1/overview", () => true);
    expect(shown.trader).to.include({ traderId: "t-1", handle: "first_one", followers: 0 });
    expect(shown.portfolios).to.have.length(1);
    expect(shown.portfolios[0].risk).to.deep.include({ tradingState: "active", breached: [] });
  });
});

/** The first event of a stream, from after `lastId` on. */
async function firstEvent(
  url: string,
  lastId: string | null,
  meanwhile: () => Promise<void>,
): Promise<{ readonly id: string; readonly data: string }> {
  const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
  const response = await fetch(url, { headers });
  await meanwhile();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const found = /id: (.*)\nevent: .*\ndata: (.*)\n\n/.exec(text);
    // Leaving the loop cancels the stream.
    if (found !== null) return { id: found[1] ?? "", data: found[2] ?? "" };
  }
  throw new Error(`no event: ${text}`);
}
