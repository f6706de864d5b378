import type { BigNumber } from "bignumber.js";
import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../cli/demo/random.ts";
import {
  openStory,
  type Story,
} from "../../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import { decimal, decimalText, ZERO } from "../../platform/kernel/decimal.ts";
import { portfolios } from "../../projections/portfolios/projection.ts";
import { indexes, SqlitePortfolioReader } from "../../projections/portfolios/sqlite.ts";
import type {
  LedgerEntry,
  LedgerPlace,
  LotPlace,
  OpenLot,
  PortfolioReader,
  PortfolioSummary,
  RealisedRequest,
  Trade,
  TradePlace,
} from "../../projections/portfolios/store.ts";
import type { PortfolioEvent } from "../../schemas/generated/portfolio.ts";
import { describeWithSampleData } from "../sample-data.ts";
import { printedSeed } from "./log/seed.ts";
import { finalCheckpoint, places, randomStory, realAccount } from "./portfolio-reader/stories.ts";
import { allPages, openHarness, type ReadModelHarness } from "./reader-harness.ts";

type Harness = ReadModelHarness<PortfolioEvent, PortfolioReader>;

const ID = "p-1";
const DAY_MS = 86_400_000;
const EVER: RealisedRequest = { fromMs: null, toMs: null, instrumentId: null, zone: "UTC" };

/** Every adapter of the portfolio reader, with the store that feeds it. */
const adapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqlitePortfolioReader>[0]) => {
      return new SqlitePortfolioReader(queries);
    };
    return openHarness({ projection: portfolios, indexes, makeReader });
  },
};

for (const [name, open] of Object.entries(adapters)) portfolioReaderContract(name, open);

function portfolioReaderContract(name: string, open: () => Promise<Harness>): void {
  describe(`the portfolio reader contract: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    async function tell(story: Story, portfolioId = ID): Promise<void> {
      await model.take(portfolioId, story.events);
    }

    it("knows nothing of a portfolio that is not there", async () => {
      const answers = await model.ask(async (reader) => [
        await reader.portfolio(ID),
        await reader.holdings(ID),
        await reader.cash(ID),
        (await reader.trades(ID, {}, { after: null, limit: 5 })).items,
        await reader.realised(ID, EVER),
      ]);
      expect(answers).to.deep.equal([null, [], [], [], []]);
    });

    it("sums a portfolio up", async () => {
      const story = openStory({ costMethod: "fifo", name: "Mine" });
      story.deposit("USDT", "1000");
      story.buy("2@100");
      story.sell("1@150", { fee: "1", feeCurrency: "USDT" });
      await tell(story);
      const summary = await model.ask((reader) => reader.portfolio(ID));
      expect(summary).to.deep.include({
        portfolioId: ID,
        name: "Mine",
        baseCurrency: "USDT",
        costMethod: "fifo",
        status: "open",
        closedAtMs: null,
        version: story.events.length,
        assets: 2,
        realisedNet: "49",
        realisedGross: "50",
        basisAssumed: false,
      });
      expect(summary?.cost).to.equal(
        decimalText(story.holding("BTC").cost.plus(story.holding("USDT").cost)),
      );
    });

    it("says when and why a portfolio was closed", async () => {
      const story = openStory();
      story.run("ClosePortfolio", { reason: "moved" });
      await tell(story);
      const summary = await model.ask((reader) => reader.portfolio(ID));
      expect(summary).to.deep.include({ status: "closed", closedReason: "moved", version: 2 });
    });

    it("lists portfolios page by page", async () => {
      const ids = ["a", "b", "c", "d", "e"];
      for (const id of ids) await tell(openStory({ name: id }), id);
      const all = await allPages<PortfolioSummary, string>(2, (page) =>
        model.ask((reader) => reader.portfolios(page)),
      );
      expect(all.map(({ portfolioId }) => portfolioId)).to.deep.equal(ids);
    });

    it("derives the average from the two exact figures, and none of nothing", async () => {
      const story = openStory();
      story.deposit("USDT", "1000");
      story.buy("3@100");
      story.buy("1@33.333333333333333333", { instrumentId: "binance:ETH-USDT" });
      story.sell("1@34", { instrumentId: "binance:ETH-USDT" });
      await tell(story);
      const holdings = await model.ask((reader) => reader.holdings(ID));
      const [btc, eth] = holdings;
      expect(btc).to.include({ asset: "BTC", quantity: "3", cost: "300", averageCost: "100" });
      expect(eth).to.include({ asset: "ETH", quantity: "0", cost: "0", averageCost: null });
      expect(eth?.realisedNet).to.equal("0.666666666666666667");
    });

    it("shows what is left of open lots, the first one's rest included", async () => {
      const story = openStory({ costMethod: "fifo" });
      story.deposit("USDT", "10000");
      for (const fill of ["1@100", "2@110", "3@120"]) story.buy(fill);
      story.sell("1.5@130");
      await tell(story);
      const lots = await allPages<OpenLot, LotPlace>(1, (page) => {
        return model.ask((reader) => reader.openLots(ID, "BTC", page));
      });
      expect(
        lots.map(({ lot, quantity, cost, openedQuantity }) => [
          lot,
          quantity,
          cost,
          openedQuantity,
        ]),
      ).to.deep.equal([
        [2, "1.5", "165", "2"],
        [3, "3", "360", "3"],
      ]);
      const left = lots.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), ZERO);
      expect(decimalText(left)).to.equal(decimalText(story.holding("BTC").quantity));
    });

    it("has lots of all assets in order, and none of an asset that is gone", async () => {
      const story = openStory({ costMethod: "fifo" });
      story.deposit("USDT", "10000");
      story.buy("1@100");
      story.buy("1@10", { instrumentId: "binance:ADA-USDT" });
      story.buy("1@10", { instrumentId: "binance:ETH-USDT" });
      story.sell("1@10", { instrumentId: "binance:ETH-USDT" });
      await tell(story);
      const page = { after: null, limit: 10 };
      const lots = await model.ask((reader) => reader.openLots(ID, null, page));
      expect(lots.items.map(({ asset }) => asset)).to.deep.equal(["ADA", "BTC"]);
    });

    it("takes back a reversed trade: its lots go, the trade stays and says so", async () => {
      const story = openStory({ costMethod: "fifo" });
      story.deposit("USDT", "10000");
      story.buy("1@100");
      const { tradeId } = story.buy("2@110");
      story.reverse(tradeId);
      await tell(story);
      const page = { after: null, limit: 10 };
      const lots = await model.ask((reader) => reader.openLots(ID, null, page));
      expect(lots.items.map(({ lot, quantity }) => [lot, quantity])).to.deep.equal([[1, "1"]]);
      const trades = await model.ask((reader) => reader.trades(ID, {}, page));
      const reversals = trades.items.map(({ reversed }) => reversed?.reason ?? null);
      expect(reversals).to.deep.equal([null, "test"]);
    });

    it("tells the money: the base currency and every quote currency, nothing else", async () => {
      const story = openStory();
      story.deposit("USDT", "1000");
      story.deposit("EUR", "500", { unitCost: "1.1" });
      story.buy("1@100");
      story.buy("1@100", { instrumentId: "kraken:ADA-EUR", quoteRate: "1.1" });
      await tell(story);
      const cash = await model.ask((reader) => reader.cash(ID));
      expect(cash).to.deep.equal([
        { asset: "EUR", free: "400", locked: "0", total: "400" },
        { asset: "USDT", free: "900", locked: "0", total: "900" },
      ]);
    });

    it("has a ledger whose running balances are the sums of its amounts, asset by asset zero", async () => {
      const story = openStory();
      story.deposit("USDT", "1000");
      story.buy("1@100", { fee: "0.001", feeCurrency: "BTC" });
      story.sell("0.5@120", { fee: "0.3", feeCurrency: "USDT" });
      story.withdraw("USDT", "10");
      await tell(story);
      const entries = await allPages<LedgerEntry, LedgerPlace>(3, (page) =>
        model.ask((reader) => reader.ledger(ID, {}, page)),
      );
      const balances = new Map<string, BigNumber>();
      const assets = new Map<string, BigNumber>();
      for (const { account, asset, amount, balance } of entries) {
        const sum = (balances.get(account) ?? ZERO).plus(decimal(amount));
        balances.set(account, sum);
        assets.set(asset, (assets.get(asset) ?? ZERO).plus(decimal(amount)));
        expect(decimalText(sum), account).to.equal(balance);
      }
      expect([...assets.values()].every((sum) => sum.isZero())).to.equal(true);
      expect(entries.length).to.be.above(10);
      const free = await allPages<LedgerEntry, LedgerPlace>(2, (page) => {
        return model.ask((reader) => reader.ledger(ID, { account: "assets:BTC:free" }, page));
      });
      expect(free).to.deep.equal(entries.filter(({ account }) => account === "assets:BTC:free"));
      const btc = await allPages<LedgerEntry, LedgerPlace>(2, (page) => {
        return model.ask((reader) => reader.ledger(ID, { asset: "BTC" }, page));
      });
      expect(btc).to.deep.equal(entries.filter(({ asset }) => asset === "BTC"));
    });

    describe("trades", () => {
      let trades: Trade[];

      beforeEach(async () => {
        const story = openStory();
        story.deposit("USDT", "100000");
        const occurred = [5, 3, 9, 3, 3, 7, 1];
        for (const [i, hour] of occurred.entries()) {
          const instrumentId = i % 2 === 0 ? "binance:BTC-USDT" : "binance:ETH-USDT";
          story.buy("1@100", { instrumentId, occurredAt: 1_699_000_000_000 + hour });
        }
        await tell(story);
        trades = await allPages<Trade, TradePlace>(2, (page) =>
          model.ask((reader) => reader.trades(ID, {}, page)),
        );
      });

      it("come by time and number, whatever the size of the page, and in reverse", async () => {
        const places = trades.map(({ occurredAtMs, tradeNumber }) => [
          occurredAtMs % 10,
          tradeNumber,
        ]);
        expect(places).to.deep.equal([
          [1, 7],
          [3, 2],
          [3, 4],
          [3, 5],
          [5, 1],
          [7, 6],
          [9, 3],
        ]);
        const newest = await allPages<Trade, TradePlace>(3, (page) => {
          return model.ask((reader) => reader.trades(ID, {}, { ...page, newestFirst: true }));
        });
        expect(newest).to.deep.equal(trades.toReversed());
      });

      it("can be had of one instrument and of a stretch of time", async () => {
        const filter = {
          instrumentId: "binance:ETH-USDT",
          fromMs: 1_699_000_000_003,
          toMs: 1_699_000_000_007,
        };
        const some = await allPages<Trade, TradePlace>(1, (page) => {
          return model.ask((reader) => reader.trades(ID, filter, page));
        });
        expect(some.map(({ tradeNumber }) => tradeNumber)).to.deep.equal([2, 4]);
      });
    });

    describe("realised profit", () => {
      /** 2024-03-10 01:30 in New York, half an hour before the clocks go forward. */
      const NIGHT_MS = Date.parse("2024-03-10T06:30:00Z");

      async function trade(fills: readonly (readonly ["buy" | "sell", string, number])[]) {
        const story = openStory();
        story.deposit("USDT", "100000");
        for (const [side, fill, occurredAt] of fills) story.trade(side, fill, { occurredAt });
        await tell(story);
        return story;
      }

      it("is summed exactly by day and instrument", async () => {
        await trade([
          ["buy", "10@0.1", NIGHT_MS],
          ["sell", "1@0.3", NIGHT_MS + 1],
          ["sell", "1@0.2", NIGHT_MS + 2],
          ["sell", "1@0.05", NIGHT_MS + DAY_MS],
        ]);
        const days = await model.ask((reader) => reader.realised(ID, EVER));
        expect(
          days.map(({ day, realisedNet, trades }) => [day, realisedNet, trades]),
        ).to.deep.equal([
          ["2024-03-10", "0.3", 3],
          ["2024-03-11", "-0.05", 1],
        ]);
      });

      it("belongs to the day of the zone, also where a day has 23 or 25 hours", async () => {
        const last = Date.parse("2024-03-11T03:59:59.999Z");
        await trade([
          ["buy", "10@1", NIGHT_MS],
          ["sell", "1@2", last],
          ["sell", "1@2", last + 1],
        ]);
        const inZone = async (zone: string) => {
          const days = await model.ask((reader) => reader.realised(ID, { ...EVER, zone }));
          return days.map(({ day, trades }) => [day, trades]);
        };
        expect(await inZone("America/New_York")).to.deep.equal([
          ["2024-03-10", 2],
          ["2024-03-11", 1],
        ]);
        expect(await inZone("UTC")).to.deep.equal([
          ["2024-03-10", 1],
          ["2024-03-11", 2],
        ]);
        expect(await inZone("Asia/Kathmandu")).to.deep.equal([
          ["2024-03-10", 1],
          ["2024-03-11", 2],
        ]);
      });

      it("counts a reversal on its own day, so that the past stays as it was reported", async () => {
        const story = await trade([]);
        story.buy("2@10", { occurredAt: NIGHT_MS });
        const { tradeId } = story.sell("1@15", { occurredAt: NIGHT_MS });
        story.reverse(tradeId);
        await model.take(ID, story.events.slice(2));
        const days = await model.ask((reader) => reader.realised(ID, EVER));
        expect(
          days.map(({ realisedNet, trades, reversals }) => [realisedNet, trades, reversals]),
        ).to.deep.equal([
          ["-5", 0, 1],
          ["5", 2, 0],
        ]);
      });

      it("can be had of a stretch of time and of one instrument", async () => {
        await trade([
          ["buy", "10@1", NIGHT_MS],
          ["sell", "1@2", NIGHT_MS + 10],
          ["sell", "1@2", NIGHT_MS + 20],
        ]);
        const ask = async (more: Partial<RealisedRequest>) => {
          const days = await model.ask((reader) => reader.realised(ID, { ...EVER, ...more }));
          return days.map(({ trades }) => trades);
        };
        expect(await ask({ fromMs: NIGHT_MS + 10, toMs: NIGHT_MS + 20 })).to.deep.equal([1]);
        expect(await ask({ instrumentId: "binance:BTC-USDT" })).to.deep.equal([3]);
        expect(await ask({ instrumentId: "binance:ETH-USDT" })).to.deep.equal([]);
      });
    });

    it("answers with the position its rows have, and lets others write meanwhile", async () => {
      const story = openStory();
      story.deposit("USDT", "1");
      await tell(story);
      const more = story.events.length;
      const snapshot = await model.read(async (reader) => {
        const before = await reader.portfolio(ID);
        story.deposit("USDT", "1");
        await model.take(ID, story.events.slice(more));
        const after = await reader.portfolio(ID);
        return [before?.version, after?.version];
      });
      expect(snapshot.result).to.deep.equal([2, 2]);
      expect([...snapshot.positions]).to.deep.equal([["any.events/0", 2]]);
      const later = await model.read(async (reader) => (await reader.portfolio(ID))?.version);
      expect([later.result, later.positions.get("any.events/0")]).to.deep.equal([3, 3]);
    });

    it("comes to the same rows when it is rebuilt from zero, after any history", async () => {
      const seed = printedSeed();
      const property = fc.asyncProperty(fc.integer(), async (sample) => {
        const one = await open();
        const random = createRandom(sample);
        const story = randomStory(random);
        const size = random.integer(1, 9);
        for (let at = 0; at < story.events.length; at += size) {
          await one.take(ID, story.events.slice(at, at + size));
        }
        const { live, rebuilt } = await one.digests(random.integer(1, 30));
        const holdings = await one.ask((reader) => reader.holdings(ID));
        await one.close();
        expect(rebuilt).to.deep.equal(live);
        for (const { asset, quantity, cost } of holdings) {
          const decided = story.holding(asset);
          expect([quantity, cost]).to.deep.equal([
            decimalText(decided.quantity),
            decimalText(decided.cost),
          ]);
        }
      });
      await fc.assert(property, { seed, numRuns: 25 });
    });

    describeWithSampleData("3,432 real fills", (folder) => {
      const methods = [
        ["average", "average_cost"],
        ["fifo", "fifo"],
      ] as const;
      for (const [costMethod, reference] of methods) {
        it(`read back equal the reference's last checkpoint (${costMethod})`, async () => {
          await tell(realAccount(folder, costMethod));
          const expected = finalCheckpoint(folder, reference);
          const [btc] = await model
            .ask((reader) => reader.holdings(ID))
            .then((all) => {
              return all.filter(({ asset }) => asset === "BTC");
            });
          expect(places(btc?.quantity)).to.equal(expected.qty);
          expect(places(btc?.cost)).to.equal(expected.cost_basis);
          expect(places(btc?.averageCost)).to.equal(expected.avg_cost);
          expect(places(btc?.realisedNet)).to.equal(expected.realized_pnl);
          const days = await model.ask((reader) => reader.realised(ID, EVER));
          const sum = days.reduce(
            (total, { realisedNet }) => total.plus(decimal(realisedNet)),
            ZERO,
          );
          expect(places(decimalText(sum))).to.equal(expected.realized_pnl);
          const trades = await allPages<Trade, TradePlace>(500, (page) => {
            return model.ask((reader) => reader.trades(ID, {}, page));
          });
          expect(trades).to.have.length(3_432);
        });
      }
    });
  });
}
