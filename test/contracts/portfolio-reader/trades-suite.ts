import { expect } from "chai";
import {
  openStory,
  type Story,
} from "../../../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import type { RealisedRequest, Trade, TradePlace } from "../../../projections/portfolios/store.ts";
import { allPages } from "../reader-harness.ts";
import { type Harness, type PortfolioAdapterName, portfolioAdapters } from "./adapters.ts";

const ID = "p-1";
const DAY_MS = 86_400_000;
const EVER: RealisedRequest = { fromMs: null, toMs: null, instrumentId: null, zone: "UTC" };

export function tradesContract(name: PortfolioAdapterName): void {
  const open: () => Promise<Harness> = portfolioAdapters[name];

  describe(`trades by the portfolio reader: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    async function tell(story: Story, portfolioId = ID): Promise<void> {
      await model.take(portfolioId, story.events);
    }

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
  });
}
