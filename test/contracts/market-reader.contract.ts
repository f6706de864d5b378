import { expect } from "chai";
import fc from "fast-check";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { Interval } from "../../platform/market/interval.ts";
import { ticksAndCandles } from "../../projections/ticks-and-candles/projection.ts";
import { indexes, SqliteMarketReader } from "../../projections/ticks-and-candles/sqlite.ts";
import type {
  CandleRow,
  CandlesRequest,
  Tick,
  TickPlace,
} from "../../projections/ticks-and-candles/store.ts";
import { describeWithSampleData, sampleRows } from "../sample-data.ts";
import { printedSeed } from "./log/seed.ts";
import { allPagesOfCandles, compareWithHand } from "./market-reader/by-hand.ts";
import { EVER, Feed, type Harness, ID, MINUTE_MS, NOW_MS, T0, tick } from "./market-reader/feed.ts";
import {
  REFERENCE_FIELDS,
  REFERENCES,
  referenceLine,
  tickOfRow,
} from "./market-reader/references.ts";
import { allPages, openHarness } from "./reader-harness.ts";

/** Every adapter of the market reader, with the store that feeds it. */
const adapters = {
  sqlite: (): Promise<Harness> => {
    const makeReader = (queries: ConstructorParameters<typeof SqliteMarketReader>[0]) => {
      return new SqliteMarketReader(queries);
    };
    return openHarness({ projection: ticksAndCandles, indexes, makeReader });
  },
};

function marketReaderContract(name: string, open: () => Promise<Harness>): void {
  describe(`the market reader contract: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    function candles(interval: Interval, more: Partial<CandlesRequest> = {}) {
      const request = { fromMs: 0, toMs: null, limit: 500, fill: "none", nowMs: NOW_MS } as const;
      return model.ask((reader) => reader.candles(ID, { interval, ...request, ...more }));
    }

    /** All pages, put together. */
    async function allCandles(
      interval: Interval,
      more: Partial<CandlesRequest> = {},
    ): Promise<CandleRow[]> {
      const all: CandleRow[] = [];
      let fromMs: number | null = more.fromMs ?? 0;
      while (fromMs !== null) {
        const page: Awaited<ReturnType<typeof candles>> = await candles(interval, {
          ...more,
          fromMs,
        });
        all.push(...page.candles);
        fromMs = page.nextFromMs;
      }
      return all;
    }

    it("knows nothing of an instrument that is not there", async () => {
      const answers = await model.ask(async (reader) => [
        await reader.instrument(ID),
        await reader.lastPrice(ID),
        await reader.ticker(ID, null),
        (await reader.ticks(ID, EVER, { after: null, limit: 5 })).items,
        (await reader.vwap(ID, EVER)).vwap,
      ]);
      expect(answers).to.deep.equal([null, null, null, [], null]);
      expect(await candles("1m")).to.deep.equal({ candles: [], nextFromMs: null });
    });

    it("knows an instrument that has no tick yet", async () => {
      await new Feed(model).register();
      expect(await model.ask((reader) => reader.ticker(ID, null))).to.equal(null);
      expect(await candles("1m", { fill: "previous" })).to.deep.equal({
        candles: [],
        nextFromMs: null,
      });
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

    describe("candles", () => {
      it("show the running one as not complete, and complete once event time has passed", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(1_000, "5"), tick(2_000, "7", { of: "3" })]);
        const [running] = (await candles("1m")).candles;
        expect(running).to.deep.equal({
          openTimeMs: T0,
          closeTimeMs: T0 + MINUTE_MS,
          open: "5",
          high: "7",
          low: "5",
          close: "7",
          volume: "4",
          quoteVolume: "26",
          buyVolume: "4",
          vwap: "6.5",
          trades: 2,
          complete: false,
          filled: false,
        });
        await feed.ticks([tick(MINUTE_MS + 2_000, "8")]);
        expect((await candles("1m")).candles.map(({ complete }) => complete)).to.deep.equal([
          false,
          false,
        ]);
        await feed.ticks([tick(MINUTE_MS + 2_001, "8")]);
        const both = (await candles("1m")).candles;
        expect(both.map(({ complete }) => complete)).to.deep.equal([true, false]);
        expect(both[0]).to.deep.equal({ ...running, complete: true });
      });

      it("of an hour are complete when the hour is over, not when its minutes are closed", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(0, "5")]);
        await feed.close();
        expect((await candles("1m")).candles[0]?.complete).to.equal(true);
        expect((await candles("1h")).candles[0]?.complete).to.equal(false);
        await feed.ticks([tick(15 * MINUTE_MS, "6")]);
        const hours = (await candles("1h")).candles;
        expect(hours.map(({ complete }) => complete)).to.deep.equal([true, false]);
      });

      it("count a late tick whether it revises a minute, opens a gap, or comes too late", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(0, "5"), tick(3 * MINUTE_MS, "6"), tick(6 * MINUTE_MS, "7")]);
        await feed.ticks([tick(10, "9"), tick(MINUTE_MS, "4")]);
        const day = 24 * 60 * MINUTE_MS;
        await feed.ticks([tick(2 * day, "8")]);
        await feed.decide({ type: "DeclareBackfillRange", data: { from: T0, to: T0 + day } });
        await feed.ticks([tick(20, "1"), tick(2 * MINUTE_MS, "2")]);
        const found = (await candles("1m")).candles.map(({ openTimeMs, trades, low }) => {
          return [(openTimeMs - T0) / MINUTE_MS, trades, low];
        });
        expect(found).to.deep.equal([
          [0, 3, "1"],
          [1, 1, "4"],
          [2, 1, "2"],
          [3, 1, "6"],
          [6, 1, "7"],
          [2 * 24 * 60, 1, "8"],
        ]);
      });

      it("show a minute that opened behind one closed by command", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(0, "5"), tick(2 * MINUTE_MS + 500, "6")]);
        await feed.close();
        await feed.ticks([tick(MINUTE_MS + 30_000, "9")]);
        const found = (await candles("1m")).candles;
        expect(found.map(({ close: last, complete }) => [last, complete])).to.deep.equal([
          ["5", true],
          ["9", false],
          ["6", false],
        ]);
      });

      it("split at the border: a trade exactly on it belongs to the new one, midnight too", async () => {
        const feed = await new Feed(model).register();
        const midnight = 10 * MINUTE_MS;
        await feed.ticks([tick(midnight - 1, "1"), tick(midnight, "2")]);
        for (const interval of ["1s", "1m", "1h", "1d"] as const) {
          const closes = (await candles(interval)).candles.map((row) => row.close);
          expect(closes, interval).to.deep.equal(["1", "2"]);
        }
        expect((await candles("1M")).candles).to.have.length(1);
      });

      it("fill empty intervals with the previous close, as far as data or clock go", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([tick(0, "5"), tick(3 * MINUTE_MS, "6")]);
        const closes = async (more: Partial<CandlesRequest>) => {
          const rows = await allCandles("1m", { fill: "previous", fromMs: T0, ...more });
          return rows.map(
            ({ close: last, filled, trades }) => `${last}${filled ? "f" : ""}${trades}`,
          );
        };
        expect(await closes({})).to.deep.equal(["51", "5f0", "5f0", "61"]);
        expect(await closes({ limit: 1 })).to.deep.equal(["51", "5f0", "5f0", "61"]);
        expect(await closes({ fromMs: T0 + MINUTE_MS })).to.deep.equal(["5f0", "5f0", "61"]);
        const toMs = T0 + 6 * MINUTE_MS;
        expect(await closes({ toMs })).to.deep.equal(["51", "5f0", "5f0", "61", "6f0", "6f0"]);
        const nowMs = T0 + 4 * MINUTE_MS + 1;
        expect(await closes({ toMs, nowMs })).to.deep.equal(["51", "5f0", "5f0", "61", "6f0"]);
        const before = await closes({ fromMs: T0 - 2 * MINUTE_MS });
        expect(before, "nothing before the first trade ever").to.deep.equal([
          "51",
          "5f0",
          "5f0",
          "61",
        ]);
      });

      it("begin in the range, and are whole even where it ends inside them", async () => {
        const feed = await new Feed(model).register();
        await feed.ticks([0, 1, 2, 3].map((minute) => tick(minute * MINUTE_MS + 30_000, "5")));
        const range = { fromMs: T0 + 1, toMs: T0 + 2 * MINUTE_MS + 1 };
        const rows = (await candles("1m", range)).candles;
        expect(
          rows.map(({ openTimeMs, trades }) => [(openTimeMs - T0) / MINUTE_MS, trades]),
        ).to.deep.equal([
          [1, 1],
          [2, 1],
        ]);
      });

      it("have the quote volume of inverse contracts by contract size", async () => {
        const feed = await new Feed(model).register({
          kind: "inverse-perpetual",
          contractSize: decimal("100"),
        });
        await feed.ticks([tick(0, "50000", { of: "3" })]);
        const [minute] = (await candles("1m")).candles;
        const [second] = (await candles("1s")).candles;
        expect([minute?.quoteVolume, second?.quoteVolume]).to.deep.equal(["300", "300"]);
      });
    });

    it("folds every interval and window as by hand, of any ticks in any order, rebuilt too", async () => {
      const seed = printedSeed();
      const property = fc.asyncProperty(fc.integer(), async (sample) => {
        const one = await open();
        try {
          await compareWithHand(one, sample);
        } finally {
          await one.close();
        }
      });
      await fc.assert(property, { seed, numRuns: 40 });
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

    describeWithSampleData("real ticks", (folder) => {
      for (const { file, reference, interval } of REFERENCES) {
        it(`read back as ${interval} candles equal ${reference} in every field`, async () => {
          const rows = sampleRows(folder, `ticks/${file}`);
          const symbols = new Set(rows.map(({ symbol }) => symbol));
          let compared = 0;
          for (const symbol of symbols) {
            const mine = rows.filter((row) => row.symbol === symbol);
            const one = await open();
            const feed = await new Feed(one).register();
            await feed.ticks(mine.map(tickOfRow));
            await feed.close();
            const found = await allPagesOfCandles(one, interval);
            const expected = sampleRows(folder, `reference/${reference}`)
              .filter((row) => row.symbol === symbol)
              .map((row) => REFERENCE_FIELDS.map((field) => row[field]).join());
            expect(found.map(referenceLine)).to.deep.equal(expected);
            compared += expected.length;
            await one.close();
          }
          expect(compared).to.be.above(0);
        });
      }
    });
  });
}

const EVER_MINUTES = { fromMs: T0 - MINUTE_MS, toMs: T0 + MINUTE_MS };

for (const [name, open] of Object.entries(adapters)) marketReaderContract(name, open);
