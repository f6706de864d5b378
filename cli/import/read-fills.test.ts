import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { commands } from "../../command-side/contexts/portfolio/portfolio/commands.ts";
import { describeWithSampleData } from "../../test/sample-data.ts";
import { depositOption } from "./deposit-option.ts";
import { type FillRow, openFills, readFills } from "./read-fills.ts";

const HEADER =
  "exchange,symbol,side,price,quantity,quote_quantity,fee,fee_currency,liquidity," +
  "timestamp,trade_id,seq";
const ROW =
  "binance,BTCUSDT,buy,9200,0.060187,553.7204,0.00006019,BTC,maker,1572536931803,199025959,1";

async function rowsOf(path: string, portfolioId = "p-1", assumeMissing = false) {
  return Array.fromAsync(readFills(await openFills(path), { portfolioId, assumeMissing }));
}

function commandsOf(rows: readonly FillRow[]) {
  return rows.flatMap((row) => ("command" in row ? [row.command] : []));
}

describe("readFills", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-fills-"));
    path = join(folder, "fills.csv");
    writeFileSync(path, `${HEADER}\n${ROW}\n`);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("makes a trade of a fill, with the instrument by its id", async () => {
    const [command] = commandsOf(await rowsOf(path));
    expect(command).to.deep.include({ aggregate: "portfolio", id: "p-1", type: "RecordTrade" });
    expect(command?.data).to.deep.equal({
      instrumentId: "binance:BTC-USDT",
      tradeId: "199025959",
      side: "buy",
      price: "9200",
      quantity: "0.060187",
      fee: "0.00006019",
      feeCurrency: "BTC",
      liquidity: "maker",
      occurredAt: 1_572_536_931_803,
    });
    expect(commands.RecordTrade.payload.safeParse(command?.data).success).to.equal(true);
  });

  it("asks for missing holdings to be assumed only when told so", async () => {
    const [command] = commandsOf(await rowsOf(path, "p-1", true));
    expect(command?.data.onShortfall).to.equal("assume");
  });

  it("names what is wrong with a row", async () => {
    const bad = [
      "x",
      ROW.replace("buy", "bye"),
      ROW.replace("BTCUSDT", "BTC"),
      ROW.replace("9200,", "nine,"),
    ];
    writeFileSync(path, [HEADER, ...bad].join("\n"));
    const problems = (await rowsOf(path)).map((row) => ("bad" in row ? row.bad : ""));
    expect(problems[0]).to.match(/has 1 fields/);
    expect(problems[1]).to.match(/side "bye"/);
    expect(problems[2]).to.match(/symbol "BTC"/);
    expect(problems[3]).to.match(/price "nine"/);
  });
});

describe("--deposit", () => {
  it("reads an amount with and without its cost", () => {
    expect(depositOption.parse(["USDT=20000", "BTC=0.01@9200"])).to.deep.equal([
      { asset: "USDT", amount: "20000" },
      { asset: "BTC", amount: "0.01", unitCost: "9200" },
    ]);
  });

  it("refuses other forms", () => {
    for (const text of ["USDT", "USDT=", "usdt=1", "BTC=1@", "BTC=one", "BTC=1@x", "=1"]) {
      expect(depositOption.safeParse([text]).success, text).to.equal(false);
    }
  });
});

describeWithSampleData("readFills on the sample fills", (folder) => {
  it("makes 3,432 trades that the portfolio takes for well-formed", async () => {
    const file = join(folder, "fills", "binance_btcusdt_fills_2019-10_2020-08.csv.gz");
    const trades = commandsOf(await rowsOf(file));
    expect(trades).to.have.length(3_432);
    const wrong = trades.filter(
      ({ data }) => !commands.RecordTrade.payload.safeParse(data).success,
    );
    expect(wrong).to.deep.equal([]);
  });
});
