import { expect } from "chai";
import fc from "fast-check";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { Interval } from "../../../platform/market/interval.ts";
import type { CandleRow, CandlesRequest } from "../../../projections/ticks-and-candles/store.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";
import { describeWithSampleData, sampleRows } from "../../sample-data.ts";
import { printedSeed } from "../log/seed.ts";
import { type MarketAdapterName, marketAdapters } from "./adapters.ts";
import { allPagesOfCandles, compareWithHand } from "./by-hand.ts";
import { Feed, type Harness, ID, MINUTE_MS, NOW_MS, T0, tick } from "./feed.ts";
import { REFERENCE_FIELDS, REFERENCES, referenceLine, tickOfRow } from "./references.ts";

/** Many thousands of journeys to a server take their time. */
const LONG_TEST_MS = 300_000;

export function candlesContract(name: MarketAdapterName): void {
  const open: () => Promise<Harness> = marketAdapters[name];

  describe(`candles by the market reader: ${name}`, () => {
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

    it("are none of an instrument that is not there, or has no tick yet", async () => {
      const nothing = { candles: [], nextFromMs: null };
      expect(await candles("1m")).to.deep.equal(nothing);
      await new Feed(model).register();
      expect(await candles("1m", { fill: "previous" })).to.deep.equal(nothing);
    });

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

    it("show ticks that came since the last answer, late ones and ones of the same second too", async () => {
      const feed = await new Feed(model).register();
      const told = async (interval: Interval) => {
        const [{ open: first, close: last, trades } = { open: "", close: "", trades: 0 }] =
          await allCandles(interval);
        return `${first} ${last} ${trades}`;
      };
      const inPart = (fromMs: number, toMs: number) => {
        return model.ask((reader) => reader.vwap(ID, { fromMs: T0 + fromMs, toMs: T0 + toMs }));
      };
      await feed.ticks([tick(500, "5")]);
      expect([await told("1s"), await told("1m")]).to.deep.equal(["5 5 1", "5 5 1"]);
      await feed.ticks([tick(900, "7")]);
      expect([await told("1s"), await told("1m")]).to.deep.equal(["5 7 2", "5 7 2"]);
      await feed.ticks([tick(4_000, "6"), tick(100, "4")]);
      expect([await told("1s"), await told("1m")]).to.deep.equal(["4 7 3", "4 6 4"]);
      expect(await inPart(0, 200)).to.include({ vwap: "4", trades: 1 });
      expect(await inPart(850, 950)).to.include({ vwap: "7", trades: 1 });
      expect(await told("1s")).to.equal("4 7 3");
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

    it("come in shorter pages where a range holds more minutes than one query reads", async () => {
      const days = 75;
      await new Feed(model).register();
      await model.take(ID, minutesOf(days));
      const page = await candles("1d");
      expect(page.candles.length).to.be.within(2, days - 1);
      const all = await allCandles("1d");
      expect(all.map(({ trades }) => trades)).to.deep.equal(Array(days).fill(24 * 60));
      const weeks = await allCandles("1w", { fill: "previous" });
      expect(weeks.reduce((sum, { trades }) => sum + trades, 0)).to.equal(days * 24 * 60);
    }).timeout(LONG_TEST_MS);

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
    }).timeout(LONG_TEST_MS);

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

/** Days without a silent minute, closed one after the other. */
function minutesOf(days: number): readonly MarketDataEvent[] {
  const firstMs = Date.parse("2024-01-01T00:00:00Z");
  const one = decimal("1");
  const prices = { open: one, high: one, low: one, close: one, vwap: one };
  const volumes = { volume: one, quoteVolume: one, priceVolume: one, buyVolume: one, trades: 1 };
  return Array.from({ length: days * 24 * 60 }, (_, i) => {
    const openTimeMs = firstMs + i * MINUTE_MS;
    const rest = { revision: 0, watermarkMs: openTimeMs + MINUTE_MS, cause: "tick" };
    const data = { openTimeMs, ...prices, ...volumes, ...rest };
    return { type: "CandleClosed", data, occurredAtMs: openTimeMs };
  });
}
