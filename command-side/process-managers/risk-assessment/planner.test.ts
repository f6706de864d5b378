import { expect } from "chai";
import type { Event } from "../../../platform/kernel/decider.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import { recorded } from "../../../projections/runner/recorded.fixture.ts";
import { TestStore } from "../store.fixture.ts";
import { RiskPlanner } from "./planner.ts";
import { riskAssessment } from "./projection.ts";

const MINUTE_MS = Date.parse("2026-01-31T12:00:00Z");
const BTC = "binance:BTC-USDT";

describe("the planning of risk assessments", () => {
  let test: TestStore;
  let nowMs: number;
  let planner: RiskPlanner;
  const positions = new Map<string, number>();
  const sequences = new Map<string, number>();

  beforeEach(async () => {
    test = new TestStore(riskAssessment);
    await test.create();
    positions.clear();
    sequences.clear();
    nowMs = MINUTE_MS + 30_000;
    planner = new RiskPlanner({ store: test.store, clock: () => nowMs });
    await market(BTC, "InstrumentRegistered", { base: "BTC", quote: "USDT", kind: "spot" });
    await portfolio("p-1", "PortfolioOpened", { baseCurrency: "USDT" });
    await deposit("p-1", "BTC", "2");
  });

  afterEach(() => test.remove());

  function feed(topic: string, aggregateId: string, type: string, data: unknown): Promise<void> {
    const event: Event = { type, data, occurredAtMs: nowMs };
    const position = positions.get(topic) ?? 0;
    const sequence = (sequences.get(aggregateId) ?? 0) + 1;
    positions.set(topic, position + 1);
    sequences.set(aggregateId, sequence);
    const eventId = `${topic} ${position}`;
    const more = { topic, aggregateId, position, sequence, eventId };
    return test.feed(recorded(event, more));
  }

  const market = (id: string, type: string, data: unknown) => feed("market.events", id, type, data);
  const portfolio = (id: string, type: string, data: unknown) =>
    feed("portfolio.events", id, type, data);

  function deposit(id: string, asset: string, quantity: string): Promise<void> {
    const balance = decimal(`-${quantity}`);
    return portfolio(id, "FundsDeposited", {
      holdings: [{ asset, quantity: decimal(quantity) }],
      postings: [{ account: `equity:deposits:${asset}`, asset, balance }],
    });
  }

  function ticks(price: string, timeMs: number, more = {}): Promise<void> {
    const tick = { timeMs, ordinal: 0, price: decimal(price), ...more };
    return market(BTC, "TicksRecorded", { source: "live", ticks: [tick], ...more });
  }

  /** What was planned since the last time, answered at once. */
  async function planned() {
    await planner.plan();
    const commands = [];
    for (;;) {
      const ready = await test.store.ready(100);
      if (ready.length === 0) return commands;
      for (const entry of ready) {
        commands.push(entry.command);
        await test.store.strike(entry, []);
      }
    }
  }

  it("lets several events of a portfolio share one, with exactly this payload", async () => {
    await ticks("100", MINUTE_MS, { source: "backfill" });
    const [command, ...others] = await planned();
    expect(others).to.deep.equal([]);
    expect(command).to.deep.include({ aggregate: "risk-book", aggregateId: "p-1" });
    expect(command?.cause.position).to.deep.equal({
      topic: "portfolio.events",
      partition: 0,
      position: 1,
    });
    expect(command?.payload).to.deep.equal({
      trigger: "portfolio",
      portfolioSequence: 2,
      minuteAt: null,
      baseCurrency: "USDT",
      holdings: [{ asset: "BTC", quantity: "2" }],
      prices: [{ asset: "BTC", price: "100", at: "2026-01-31T12:00:00.000Z", instrumentId: BTC }],
      flows: [{ asset: "BTC", net: "2" }],
    });
    expect(await planned()).to.deep.equal([]);
  });

  it("plans no second one of a portfolio while the first waits for its answer", async () => {
    await planner.plan();
    await deposit("p-1", "BTC", "3");
    await planner.plan();
    expect(await test.store.outboxSize()).to.equal(1);
    await planned();
    const [second] = await planned();
    expect(second?.payload).to.deep.include({ portfolioSequence: 3 });
  });

  it("comes once a minute, 2 s after its end, where live ticks moved what is held", async () => {
    await portfolio("p-2", "PortfolioOpened", { baseCurrency: "USDT" });
    await deposit("p-2", "USDT", "5");
    await planned();
    await ticks("100", MINUTE_MS + 1_000);
    await ticks("101", MINUTE_MS + 2_000);
    nowMs = MINUTE_MS + 61_999;
    expect(await planned()).to.deep.equal([]);
    nowMs = MINUTE_MS + 62_000;
    const [command, ...others] = await planned();
    expect(others).to.deep.equal([]);
    expect(command?.aggregateId).to.equal("p-1");
    expect(command?.payload).to.deep.include({
      trigger: "minute",
      minuteAt: "2026-01-31T12:00:00.000Z",
    });
    expect(await planned()).to.deep.equal([]);
  });

  it("lets what comes after its minute was assessed wait for the next", async () => {
    await planned();
    await ticks("100", MINUTE_MS + 1_000);
    nowMs = MINUTE_MS + 62_000;
    const [first] = await planned();
    await ticks("102", MINUTE_MS + 3_000);
    expect(await planned()).to.deep.equal([]);
    nowMs = MINUTE_MS + 122_000;
    const [second] = await planned();
    expect(second?.payload).to.deep.include({ minuteAt: "2026-01-31T12:01:00.000Z" });
    expect(second?.commandId).not.to.equal(first?.commandId);
  });

  it("leaves minutes of imported ticks to the end of the import", async () => {
    await planned();
    await ticks("100", MINUTE_MS, { source: "backfill" });
    nowMs = MINUTE_MS + 3_600_000;
    expect(await planned()).to.deep.equal([]);
    await market(BTC, "CandleClosed", { cause: "command" });
    await market(BTC, "CandleClosed", { cause: "command" });
    const commands = await planned();
    expect(commands.map(({ payload }) => payload)).to.have.length(1);
    expect(commands[0]?.payload).to.deep.include({ trigger: "import", minuteAt: null });
  });

  it("plans nothing for events before the manager's start, and knows what they tell", async () => {
    const partition = "portfolio.events/0";
    const start = { partition, position: 2, reason: "end of the log", atMs: 0 } as const;
    await test.store.recordStarts([start]);
    expect(await planned()).to.deep.equal([]);
    await deposit("p-1", "USDT", "7");
    const [command] = await planned();
    expect(command?.payload).to.deep.include({
      holdings: [
        { asset: "BTC", quantity: "2" },
        { asset: "USDT", quantity: "7" },
      ],
    });
  });
});
