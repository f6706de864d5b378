import type { BigNumber } from "bignumber.js";
import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../../cli/demo/random.ts";
import {
  openStory,
  type Story,
} from "../../../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import { decimal, decimalText, ZERO } from "../../../platform/kernel/decimal.ts";
import type {
  LedgerEntry,
  LedgerPlace,
  LotPlace,
  OpenLot,
  PortfolioSummary,
  RealisedRequest,
  Trade,
  TradePlace,
} from "../../../projections/portfolios/store.ts";
import { describeWithSampleData } from "../../sample-data.ts";
import { droppedGenerationContract } from "../dropped-generation.ts";
import { printedSeed } from "../log/seed.ts";
import { allPages } from "../reader-harness.ts";
import { type Harness, type PortfolioAdapterName, portfolioAdapters } from "./adapters.ts";
import { finalCheckpoint, places, randomStory, realAccount } from "./stories.ts";

const ID = "p-1";
const EVER: RealisedRequest = { fromMs: null, toMs: null, instrumentId: null, zone: "UTC" };

export function portfolioReaderContract(name: PortfolioAdapterName): void {
  const open: () => Promise<Harness> = portfolioAdapters[name];

  describe(`the portfolio reader contract: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    droppedGenerationContract(() => model);

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

    it("lists one owner's portfolios page by page, and nobody else's", async () => {
      const owners = { a: "anna", b: "ben", c: "anna", d: null, e: "anna", f: "anna-2" };
      for (const [id, owner] of Object.entries(owners)) await tell(openStory({ owner }), id);
      const idsOf = async (owner: string) => {
        const all = await allPages<PortfolioSummary, string>(2, (page) =>
          model.ask((reader) => reader.portfoliosOf(owner, page)),
        );
        return all.map(({ portfolioId }) => portfolioId);
      };
      expect(await idsOf("anna")).to.deep.equal(["a", "c", "e"]);
      expect(await idsOf("ben")).to.deep.equal(["b"]);
      expect(await idsOf("")).to.deep.equal([]);
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
