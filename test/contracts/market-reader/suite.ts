import { expect } from "chai";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { Tick, TickPlace } from "../../../projections/ticks-and-candles/store.ts";
import { droppedGenerationContract } from "../dropped-generation.ts";
import { allPages } from "../reader-harness.ts";
import { type MarketAdapterName, marketAdapters } from "./adapters.ts";
import { EVER, Feed, type Harness, ID, MINUTE_MS, NOW_MS, T0, tick } from "./feed.ts";

export function marketReaderContract(name: MarketAdapterName): void {
  const open: () => Promise<Harness> = marketAdapters[name];

  describe(`the market reader contract: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    droppedGenerationContract(() => model);

    it("knows nothing of an instrument that is not there", async () => {
      const answers = await model.ask(async (reader) => [
        await reader.instrument(ID),
        await reader.lastPrice(ID),
        await reader.ticker(ID, null),
        (await reader.ticks(ID, EVER, { after: null, limit: 5 })).items,
        (await reader.vwap(ID, EVER)).vwap,
      ]);
      expect(answers).to.deep.equal([null, null, null, [], null]);
    });

    it("knows an instrument that has no tick yet", async () => {
      await new Feed(model).register();
      expect(await model.ask((reader) => reader.ticker(ID, null))).to.equal(null);
    });

    it("knows the latest prices of spot instruments between some assets, late ticks or not", async () => {
      const feed = await new Feed(model).register();
      const other = await new Feed(model, "kraken:ETH-BTC").register({
        exchange: "kraken",
        base: "ETH",
        quote: "BTC",
      });
      await new Feed(model, "kraken:SOL-BTC").register({ base: "SOL", quote: "BTC" });
      await feed.ticks([tick(0, "60000.10"), tick(5, "60001"), tick(2, "59000")]);
      await other.ticks([tick(1, "0.05")]);
      const of = (...assets: string[]) => model.ask((reader) => reader.spotPrices(assets));
      const btc = { instrumentId: ID, base: "BTC", quote: "USDT", price: "60001", atMs: T0 + 5 };
      const eth = { base: "ETH", quote: "BTC", price: "0.05", atMs: T0 + 1 };
      expect(await of("BTC", "USDT", "it's")).to.deep.equal([btc]);
      expect(await of("USDT", "ETH", "BTC", "SOL")).to.deep.equal([
        btc,
        { instrumentId: "kraken:ETH-BTC", ...eth },
      ]);
      expect(await of("USDT", "ETH")).to.deep.equal([]);
    });

    describe("instruments", () => {
      it("show what was registered and what has changed since", async () => {
        const feed = await new Feed(model).register();
        await feed.decide({
          type: "AddInstrumentAlias",
          data: { symbol: "XBTUSDT", effectiveAt: null },
        });
        await feed.decide({
          type: "RenameInstrument",
          data: { symbol: "BTC/USDT", effectiveAt: null },
        });
        const steps = { priceStep: decimal("0.1"), quantityStep: decimal("0.001") };
        const minimums = { minQuantity: decimal("0.002"), minNotional: null };
        await feed.decide({
          type: "ChangeInstrumentSteps",
          data: { ...steps, ...minimums, effectiveAt: null },
        });
        const instrument = await model.ask((reader) => reader.instrument(ID));
        expect(instrument).to.deep.include({
          instrumentId: ID,
          exchange: "binance",
          symbol: "BTC/USDT",
          base: "BTC",
          quote: "USDT",
          kind: "spot",
          status: "listed",
          priceStep: "0.1",
          minQuantity: "0.002",
          minNotional: null,
          version: 4,
        });
        expect(instrument?.aliases).to.include("XBTUSDT");
        await feed.decide({
          type: "DelistInstrument",
          data: { effectiveAt: NOW_MS, reason: "gone" },
        });
        const delisted = await model.ask((reader) => reader.instrument(ID));
        expect(delisted).to.include({
          status: "delisted",
          delistedMs: NOW_MS,
          delistedReason: "gone",
        });
      });

      it("are listed page by page", async () => {
        const ids = ["a:A-B", "b:A-B", "c:A-B", "d:A-B", "e:A-B"];
        for (const id of ids) await new Feed(model, id).register();
        const page = (after: string | null) => {
          return model.ask((reader) => reader.instruments({ after, limit: 2 }));
        };
        const [first, last] = [await page(null), await page("d:A-B")];
        expect(first.items.map(({ instrumentId }) => instrumentId)).to.deep.equal(ids.slice(0, 2));
        expect([first.next, last.items.length, last.next]).to.deep.equal(["b:A-B", 1, null]);
      });
    });

    describe("ticks", () => {
      it("come in tick order, whatever order they came in and however long a page is", async () => {
        const feed = await new Feed(model).register();
        const ids = [5, 3, 9, 1, 7, 2, 8, 4, 6];
        await feed.ticks(
          ids.map((tradeId) => tick(Math.floor(tradeId / 4), `${tradeId}`, { tradeId })),
          4,
        );
        for (const limit of [1, 2, 4, 9, 20]) {
          const all = await allPages<Tick, TickPlace>(limit, (page) => {
            return model.ask((reader) => reader.ticks(ID, EVER, page));
          });
          expect(all.map(({ tradeId }) => Number(tradeId))).to.deep.equal(ids.toSorted());
          const newest = await allPages<Tick, TickPlace>(limit, (page) => {
            return model.ask((reader) => reader.ticks(ID, EVER, { ...page, newestFirst: true }));
          });
          expect(newest).to.deep.equal(all.toReversed());
        }
      });

      it("can be had of a stretch of time, its end left out", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([0, 1, 2, 3].map((offset) => tick(offset, "1")));
        const range = { fromMs: T0 + 1, toMs: T0 + 3 };
        const found = await model.ask((reader) =>
          reader.ticks(ID, range, { after: null, limit: 9 }),
        );
        expect(found.items.map(({ timeMs }) => timeMs - T0)).to.deep.equal([1, 2]);
        const from0 = { timeMs: T0, orderId: 0, ordinal: 0, era: 0 };
        const from9 = { ...from0, timeMs: T0 + 9 };
        for (const page of [
          { after: from0, limit: 9 },
          { after: from9, limit: 9, newestFirst: true },
        ]) {
          const outside = await model.ask((reader) => reader.ticks(ID, range, page));
          expect(outside.items, "a place outside of the range").to.have.length(2);
        }
      });

      it("give the last price by tick order, not by arrival", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(10, "7", { tradeId: 5 })]);
        await feed.ticks([tick(3, "9", { tradeId: 2 })]);
        const last = await model.ask((reader) => reader.lastPrice(ID));
        expect(last).to.deep.equal({ price: "7", volume: "1", side: "buy", timeMs: T0 + 10 });
      });
    });

    describe("the ticker", () => {
      it("covers 24 hours up to and with the last trade", async () => {
        const day = 24 * 60 * MINUTE_MS;
        const feed = await new Feed(model).register();
        await feed.ticks([
          tick(-1, "90"),
          tick(0, "80"),
          tick(1, "100", { of: "2" }),
          tick(30_000, "120"),
          tick(day - 1_000, "95"),
          tick(day, "110"),
        ]);
        const ticker = await model.ask((reader) => reader.ticker(ID, null));
        expect(ticker).to.deep.equal({
          timestampMs: T0 + day,
          fromMs: T0 + 1,
          toMs: T0 + day + 1,
          open: "100",
          high: "120",
          low: "95",
          last: "110",
          close: "110",
          previousClose: "80",
          vwap: "105",
          average: "105",
          change: "10",
          percentage: 10,
          baseVolume: "5",
          quoteVolume: "525",
          trades: 4,
        });
      });

      it("of a window without trades has the last price and nothing else", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(0, "80")]);
        const ticker = await model.ask((reader) => reader.ticker(ID, NOW_MS));
        expect(ticker).to.deep.include({
          last: "80",
          open: null,
          vwap: null,
          percentage: null,
          trades: 0,
        });
        expect(await model.ask((reader) => reader.ticker(ID, T0))).to.equal(null);
      });
    });

    it("has no VWAP where no volume was traded", async () => {
      const feed = await new Feed(model).register();
      await feed.ticks([tick(0, "80", { of: "0" })]);
      const answer = await model.ask((reader) => reader.vwap(ID, EVER_MINUTES));
      expect(answer).to.deep.include({ vwap: null, volume: "0", trades: 1 });
    });
  });
}

const EVER_MINUTES = { fromMs: T0 - MINUTE_MS, toMs: T0 + MINUTE_MS };
