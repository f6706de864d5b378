import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { describeWithSampleData } from "../../test/sample-data.ts";
import { Failure } from "../failure.ts";
import { guessInstrument } from "./guess-instrument.ts";
import { openTicks, readTicks, type TickRow } from "./read-ticks.ts";

const HEADER = "exchange,symbol,price,volume,timestamp,trade_id,side,recv_ns";

describe("readTicks", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-ticks-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function file(content: string | Buffer, name = "ticks.csv"): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function rowsOf(path: string): Promise<TickRow[]> {
    return Array.fromAsync(readTicks(await openTicks(path)));
  }

  async function failureOf(path: string): Promise<Failure> {
    try {
      await rowsOf(path);
    } catch (error) {
      expect(error).to.be.instanceOf(Failure);
      return error as Failure;
    }
    throw new Error("it was read");
  }

  const tick = {
    exchange: "binance",
    symbol: "BTCUSDT",
    price: "61837.63000000",
    volume: "2.5e-7",
    timestamp: 1_723_161_255_342,
    tradeId: "3735683259",
    side: "sell",
  };

  it("keeps the file's own text of price and volume, exponents included", async () => {
    const row = "binance,BTCUSDT,61837.63000000,2.5e-7,1723161255342,3735683259,sell,17231612";
    expect(await rowsOf(file(`${HEADER}\n${row}\n`))).to.deep.equal([{ line: 2, tick }]);
  });

  it("leaves out an empty trade id and side", async () => {
    const [row] = await rowsOf(file(`${HEADER}\nbinance,BTCUSDT,1,2,1723161255342,,,\n`));
    const { tradeId: _id, side: _side, ...rest } = { ...tick, price: "1", volume: "2" };
    expect(row).to.deep.equal({ line: 2, tick: rest });
  });

  it("takes columns in any order, more of them, a mark of byte order and CRLF", async () => {
    const header = "\ufeffside,more,timestamp,trade_id,volume,price,symbol,exchange";
    const row = "sell,x,1723161255342,3735683259,2.5e-7,61837.63000000,BTCUSDT,binance";
    expect(await rowsOf(file(`${header}\r\n${row}\r\n`))).to.deep.equal([{ line: 2, tick }]);
  });

  it("reads gzip whatever the file is called", async () => {
    const row = "binance,BTCUSDT,61837.63000000,2.5e-7,1723161255342,3735683259,sell,";
    const text = `${HEADER}\n${row}\n`;
    expect(await rowsOf(file(gzipSync(text), "ticks.txt"))).to.deep.equal([{ line: 2, tick }]);
  });

  it("names a bad row's line and what is wrong with it, and goes on", async () => {
    const good = "binance,BTCUSDT,1,2,1723161255342,1,sell,";
    const lines = [
      "binance,BTCUSDT,one,2,1723161255342,1,sell,",
      "binance,BTCUSDT,1,,1723161255342,1,sell,",
      "binance,BTCUSDT,1,2,2024-08-08,1,sell,",
      "binance,BTCUSDT,1,2,1723161255342,1,up,",
      ",BTCUSDT,1,2,1723161255342,1,sell,",
      "binance,,1,2,1723161255342,1,sell,",
      "binance,BTCUSDT",
      good,
    ];
    const rows = await rowsOf(file([HEADER, ...lines].join("\n")));
    const problems = rows.flatMap((row) => ("bad" in row ? [row] : []));
    expect(problems.map(({ line }) => line)).to.deep.equal([2, 3, 4, 5, 6, 7, 8]);
    expect(problems[0]?.bad).to.match(/price "one" is not a decimal/);
    expect(problems[2]?.bad).to.match(/timestamp "2024-08-08"/);
    expect(problems[6]?.bad).to.match(/has 2 fields where the header has 8/);
    expect(rows.filter((row) => "tick" in row)).to.have.length(1);
  });

  it("names the columns that are missing", async () => {
    const failure = await failureOf(file("exchange,symbol,price\na,b,1\n"));
    expect(failure.exitCode).to.equal(2);
    expect(failure.parts.error).to.equal("the header lacks volume, timestamp, trade_id, side");
  });

  it("says that an empty file is empty", async () => {
    expect((await failureOf(file(""))).parts.error).to.equal("the file is empty");
  });

  it("says that a cut-off gzip was read in part", async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => `binance,BTCUSDT,${i}.5,${i},1${i},,,`);
    const path = file(gzipSync([HEADER, ...rows].join("\n")), "ticks.csv.gz");
    truncateSync(path, 2_000);
    const failure = await failureOf(path);
    expect(failure.exitCode).to.equal(9);
    expect(failure.parts.error).to.match(/unexpected end of file/);
  });

  it("names a file that is not there", async () => {
    const missing = join(folder, "missing.csv");
    const error = await openTicks(missing).then(
      () => null,
      (reason: NodeJS.ErrnoException) => reason,
    );
    expect(error?.code).to.equal("ENOENT");
    expect(error?.message).to.include(missing);
  });
});

describeWithSampleData("readTicks on the sample ticks", (folder) => {
  it("reads all 102,461, and every stream's symbol has an id of its own", async () => {
    let ticks = 0;
    const streams = new Map<string, string | undefined>();
    for (const name of readdirSync(join(folder, "ticks"))) {
      for await (const row of readTicks(await openTicks(join(folder, "ticks", name)))) {
        if ("bad" in row) throw new Error(`${name}:${row.line}: ${row.bad}`);
        const { exchange, symbol } = row.tick;
        ticks += 1;
        const key = `${exchange} ${symbol}`;
        if (!streams.has(key)) streams.set(key, guessInstrument(exchange, symbol)?.id);
      }
    }
    expect(ticks).to.equal(102_461);
    expect([...streams].filter(([, id]) => id === undefined)).to.deep.equal([]);
    expect(new Set(streams.values()).size).to.equal(streams.size);
    expect(streams.size).to.be.at.least(118);
  });
});
