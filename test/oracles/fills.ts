import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import { type Decimal, decimal, decimalText, ZERO } from "../../platform/kernel/decimal.ts";
import { type PlatformProcess, startPlatformProcess } from "../platform-process.ts";
import { jsonLines, runCli } from "../run-cli.ts";
import { describeWithSampleData } from "../sample-data.ts";
import { answerOf, logEnds, type PlatformUnderTest, pagesOf, untilProjected } from "./data.ts";

const FILLS = "fills/binance_btcusdt_fills_2019-10_2020-08.csv.gz";
const REFERENCE = "reference/fills-accounting_binance_btcusdt.json";
const FILLS_IN_FILE = 3_432;
const OPENING_CASH = "1000000";
const DEPOSITS = [`USDT=${OPENING_CASH}`, "BTC=0.01@9200", "BNB=100@20"];
const METHODS = [
  { costMethod: "average", name: "average_cost" },
  { costMethod: "fifo", name: "fifo" },
] as const;
const CHECKPOINTS = ["1", "10", "100", "500", "1000", "2000", "3000", "3432"];

interface Checkpoint {
  readonly seq: number;
  readonly qty: string;
  readonly cost_basis: string;
  readonly avg_cost: string;
  readonly realized_pnl: string;
  readonly cash_change_usdt: string;
  readonly fees: Readonly<Record<string, string>>;
  readonly open_lots: number | null;
}

interface Posting {
  readonly sequence: number;
  readonly account: string;
  readonly asset: string;
  readonly amount: string;
  readonly balance: string;
}

interface TradeRow {
  readonly tradeNumber: number;
  readonly sequence: number;
  readonly realisedNet: string;
  readonly feeRealised: string;
}

interface Held {
  readonly asset: string;
  readonly quantity: string;
  readonly cost: string;
  readonly averageCost: string | null;
  readonly realisedNet: string;
}

/** Real fills, imported by the command line, against another program's accounting. */
export function realFills(under: PlatformUnderTest): void {
  const title = `the real fills through the command line (${under.title})`;
  describeWithSampleData(title, (data) => suite(under, data));
}

function suite({ environment, log }: PlatformUnderTest, data: string): void {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-fills-"));
  let platform: PlatformProcess;

  before(async function () {
    this.timeout(120_000);
    platform = await startPlatformProcess(folder, environment);
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function importFills(costMethod: string): Promise<unknown> {
    const opening = ["--open", "--cost-method", costMethod, "--deposit", ...DEPOSITS];
    const words = ["import", "fills", join(data, FILLS), "--portfolio", costMethod, ...opening];
    const run = await runCli([...words, "--json", "--data", folder]);
    expect(run.exitCode, run.stderr).to.equal(0);
    await untilProjected(platform.url);
    return jsonLines(run.stdout).at(-1);
  }

  for (const { costMethod, name } of METHODS) {
    describe(`by ${costMethod}`, () => {
      const path = `/v1/portfolios/${costMethod}`;
      const pages = (what: string) => pagesOf(platform.url, `${path}/${what}`);
      let reference: Readonly<Record<string, Checkpoint>>;
      let postings: readonly Posting[];
      let trades: readonly TradeRow[];

      before(async function () {
        this.timeout(120_000);
        reference = JSON.parse(readFileSync(join(data, REFERENCE), "utf8"))[name];
        const counts = { recorded: FILLS_IN_FILE, known: 0, refused: 0, badRows: 0 };
        expect(await importFills(costMethod)).to.include(counts);
        postings = (await pages("ledger")) as readonly Posting[];
        trades = (await pages("trades")) as readonly TradeRow[];
      });

      it("come to the holding, cash and fees of the reference at the end", async () => {
        const held = (await answerOf(platform.url, `${path}/holdings`)).data as readonly Held[];
        const btc = held.find(({ asset }) => asset === "BTC");
        const cash = (await answerOf(platform.url, `${path}/cash`)).data as { total: string }[];
        const lots = await pages("lots?asset=BTC");
        expect({
          seq: trades.length,
          qty: toPlaces(btc?.quantity ?? ""),
          cost_basis: toPlaces(btc?.cost ?? ""),
          avg_cost: toPlaces(btc?.averageCost ?? ""),
          realized_pnl: toPlaces(btc?.realisedNet ?? ""),
          cash_change_usdt: toPlaces(decimal(cash[0]?.total ?? "").minus(OPENING_CASH)),
          fees: feesAt(postings, Number.POSITIVE_INFINITY),
          open_lots: costMethod === "fifo" ? lots.length : null,
        }).to.deep.equal(reference[FILLS_IN_FILE]);
      });

      it("come to its cash, quantity, fees and profit at every checkpoint", () => {
        let compared = 0;
        for (const checkpoint of CHECKPOINTS) {
          const done = trades.slice(0, Number(checkpoint));
          const sequence = done.at(-1)?.sequence ?? 0;
          const { seq, qty, realized_pnl, cash_change_usdt, fees } = reference[
            checkpoint
          ] as Checkpoint;
          const cash = balanceAt(postings, "assets:USDT:free", sequence);
          expect({
            seq: done.at(-1)?.tradeNumber,
            qty: toPlaces(balanceAt(postings, "assets:BTC:free", sequence)),
            realized_pnl: toPlaces(sumOf(done.map(({ realisedNet }) => realisedNet))),
            cash_change_usdt: toPlaces(cash.minus(OPENING_CASH)),
            fees: feesAt(postings, sequence),
          }).to.deep.equal({ seq, qty, realized_pnl, cash_change_usdt, fees });
          compared += 1;
        }
        expect(compared).to.equal(8);
      });

      it("sum to zero in the ledger, in every entry and every asset; balances run", () => {
        const sums = new Map<string, Decimal>();
        const balances = new Map<string, Decimal>();
        for (const { sequence, account, asset, amount, balance } of postings) {
          for (const key of [asset, `${asset} of ${sequence}`]) {
            sums.set(key, (sums.get(key) ?? ZERO).plus(amount));
          }
          const running = (balances.get(account) ?? ZERO).plus(amount);
          balances.set(account, running);
          expect(balance, `${account} after ${sequence}`).to.equal(decimalText(running));
        }
        expect(sums.size).to.be.above(2 * FILLS_IN_FILE);
        expect([...sums].filter(([, sum]) => !sum.isZero())).to.deep.equal([]);
      });

      it("add up by day, in any zone, to what the holdings realised", async () => {
        const held = (await answerOf(platform.url, `${path}/holdings`)).data as readonly Held[];
        const total = decimalText(sumOf(held.map(({ realisedNet }) => realisedNet)));
        for (const zone of ["UTC", "Asia/Tokyo", "America/New_York"]) {
          const { data: days } = await answerOf(platform.url, `${path}/realised?zone=${zone}`);
          const rows = days as (TradeRow & { readonly trades: number })[];
          const parts = rows.flatMap(({ realisedNet, feeRealised }) => [realisedNet, feeRealised]);
          expect(decimalText(sumOf(parts)), zone).to.equal(total);
          expect(rows.reduce((sum, row) => sum + row.trades, 0)).to.equal(FILLS_IN_FILE);
        }
        const summary = (await answerOf(platform.url, path)).data as Held;
        expect(summary.realisedNet).to.equal(total);
      });

      it("change nothing when they are imported again", async () => {
        const ends = await logEnds(log(folder));
        const again = { recorded: 0, known: FILLS_IN_FILE, refused: 0, badRows: 0 };
        expect(await importFills(costMethod)).to.include(again);
        expect(await logEnds(log(folder))).to.deep.equal(ends);
        expect(await pages("ledger")).to.deep.equal(postings);
      });
    });
  }
}

/** Rounded half-even to the reference's 8 places. */
function toPlaces(value: Decimal | string): string {
  return decimal(decimalText(BigNumber(value))).toFixed(8, BigNumber.ROUND_HALF_EVEN);
}

function sumOf(texts: readonly string[]): Decimal {
  return texts.reduce((sum, text) => sum.plus(text), ZERO);
}

/** After the portfolio's event of that sequence. */
function balanceAt(postings: readonly Posting[], account: string, sequence: number): Decimal {
  const last = postings.findLast((one) => one.account === account && one.sequence <= sequence);
  return decimal(last?.balance ?? "0");
}

function feesAt(postings: readonly Posting[], sequence: number): Record<string, string> {
  const assets = ["BTC", "USDT", "BNB"];
  return Object.fromEntries(
    assets.map((asset) => [asset, toPlaces(balanceAt(postings, `fees:${asset}`, sequence))]),
  );
}
