import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describeWithSampleData, sampleRows } from "../../test/sample-data.ts";
import { decimal } from "../kernel/decimal.ts";
import { DAY_MS } from "../market/interval.ts";
import { beginDrawdown, type DrawdownSoFar, nextDrawdown } from "./drawdown.ts";
import { concentrationOf, exposures, shareOf, worthOf } from "./exposure.ts";
import { covarianceOf, deviationOf, ewmaDeviationOf, meanOf, returnsOf } from "./returns.ts";
import { deltaNormalOf, tailRisksOf } from "./tail-risk.ts";

const REFERENCE = "reference/risk_btc1-eth10_365d.json";
const LARGEST_RELATIVE_ERROR = 1e-12;

interface Fall {
  readonly fraction: number;
  readonly peak_day: string;
  readonly peak: number;
  readonly trough_day: string;
  readonly trough: number;
}

interface Reference {
  readonly first_close_day: string;
  readonly last_close_day: string;
  readonly n_returns: number;
  readonly holdings: { readonly BTC: number; readonly ETH: number };
  readonly value_last: number;
  readonly mean: number;
  readonly stdev_sample: number;
  readonly historical: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly parametric: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly covariance: {
    readonly weights: { readonly BTC: number; readonly ETH: number };
    readonly var_btc: number;
    readonly var_eth: number;
    readonly cov: number;
    readonly corr: number;
    readonly portfolio_stdev: number;
    readonly delta_normal_var95_zero_mean: number;
    readonly component_var95: { readonly BTC: number; readonly ETH: number };
    readonly hhi: number;
  };
  readonly ewma: { readonly lam: number; readonly stdev_last: number };
  readonly max_drawdown: Fall;
  readonly btc_max_drawdown_all: Fall;
}

/** A close of each UTC day, ascending; the texts stay as they are in the file. */
interface Closes {
  readonly days: readonly string[];
  readonly texts: readonly string[];
  readonly values: readonly number[];
}

describeWithSampleData("the risk of 1 BTC and 10 ETH, against another program's", (folder) => {
  let reference: Reference;
  let btcAll: Closes;
  let btc: Closes;
  let eth: Closes;
  let values: number[];
  let returns: number[];

  // Not in the suite's body: that runs where there is no sample data, too.
  before(() => {
    reference = JSON.parse(readFileSync(join(folder, REFERENCE), "utf8")) as Reference;
    btcAll = dailyCloses(folder, "candles/coinbase_btc-usd_4h_2016-05_2025-10.csv.gz");
    const ethAll = dailyCloses(folder, "candles/coinbase_eth-usd_4h_2016-05_2025-10.csv.gz");
    btc = lastOf(btcAll, reference);
    eth = lastOf(ethAll, reference);
    const { BTC, ETH } = reference.holdings;
    values = btc.values.map((close, index) => BTC * close + ETH * at(eth.values, index));
    returns = returnsOf(values);
  });

  it("comes of the same days and closes", () => {
    expect(eth.days).to.deep.equal(btc.days);
    expect(btc.days[0]).to.equal(reference.first_close_day);
    expect(btc.days.at(-1)).to.equal(reference.last_close_day);
    expect(returns).to.have.length(365).and.to.have.length(reference.n_returns);
    expectSame(at(values, -1), reference.value_last, "last value");
  });

  it("has the same mean, deviation and EWMA deviation of its returns", () => {
    expectSame(meanOf(returns), reference.mean, "mean");
    expectSame(deviationOf(returns), reference.stdev_sample, "deviation");
    const { lam, stdev_last } = reference.ewma;
    expectSame(ewmaDeviationOf(returns), stdev_last, "EWMA by the default λ");
    expectSame(ewmaDeviationOf(returns, lam), stdev_last, "EWMA");
  });

  for (const [index, confidence] of ["0.95", "0.99"].entries()) {
    it(`has the same tail at ${confidence}, historical and parametric`, () => {
      const tail = tailRisksOf(returns)[index];
      const historical = reference.historical[confidence];
      const parametric = reference.parametric[confidence];
      if (!tail || !historical || !parametric) throw new Error(`nothing at ${confidence}`);
      expect(String(tail.confidence)).to.equal(confidence);
      const notBetter = returns.filter((value) => -value >= tail.historicalVar);
      expect(notBetter).to.have.length(historical["k_worst"] ?? 0);
      const money = tail.historicalVar * at(values, -1);
      expectSame(tail.historicalVar, historical["var_order_statistic"], "VaR");
      expectSame(money, historical["var_money_order_statistic"], "VaR in money");
      expectSame(tail.historicalShortfall, historical["es_mean_of_k_worst"], "ES");
      expectSame(tail.parametricVar, parametric["var_with_mean"], "parametric VaR");
      expectSame(tail.parametricVarZeroMean, parametric["var_zero_mean"], "zero-mean VaR");
      expectSame(tail.parametricShortfall, parametric["es_with_mean"], "parametric ES");
    });
  }

  it("is weighted and concentrated the same, by exact values of the last closes", () => {
    const { weights, hhi } = reference.covariance;
    const shares = lastShares();
    expectSame(at(shares, 0), weights.BTC, "weight of BTC");
    expectSame(at(shares, 1), weights.ETH, "weight of ETH");
    expectSame(concentrationOf(shares)?.herfindahl, hhi, "HHI");
    expectSame(concentrationOf(shares)?.largest, weights.BTC, "largest");
  });

  it("has the same covariances", () => {
    const { var_btc, var_eth, cov, corr } = reference.covariance;
    const [ofBtc, ofEth] = [returnsOf(btc.values), returnsOf(eth.values)];
    expectSame(covarianceOf(ofBtc, ofBtc), var_btc, "variance of BTC");
    expectSame(covarianceOf(ofEth, ofEth), var_eth, "variance of ETH");
    expectSame(covarianceOf(ofBtc, ofEth), cov, "covariance");
    const correlation = covarianceOf(ofBtc, ofEth) / (deviationOf(ofBtc) * deviationOf(ofEth));
    expectSame(correlation, corr, "correlation");
  });

  it("has the same delta-normal loss, whose components add up to it", () => {
    const { delta_normal_var95_zero_mean, component_var95, portfolio_stdev } = reference.covariance;
    const series = [returnsOf(btc.values), returnsOf(eth.values)];
    const covariance = series.map((one) => series.map((other) => covarianceOf(one, other)));
    const { total, components } = deltaNormalOf(lastShares(), covariance);
    expectSame(total, delta_normal_var95_zero_mean, "total");
    expectSame(total / (reference.parametric["0.95"]?.["z"] ?? 0), portfolio_stdev, "deviation");
    expectSame(at(components, 0), component_var95.BTC, "component of BTC");
    expectSame(at(components, 1), component_var95.ETH, "component of ETH");
    expectSame(at(components, 0) + at(components, 1), total, "sum of the components");
  });

  it("fell as deep, between the same days", () => {
    expectSameFall({ days: btc.days, values }, reference.max_drawdown);
  });

  it("of BTC alone fell as deep, between the same days of all its years", () => {
    expectSameFall(btcAll, reference.btc_max_drawdown_all);
  });

  function lastShares(): number[] {
    const holdings = [reference.holdings.BTC, reference.holdings.ETH];
    const worths = [btc, eth].map(({ texts }, index) => {
      return worthOf(decimal(String(holdings[index])), decimal(texts.at(-1) ?? ""));
    });
    const { gross } = exposures(worths.map((value, index) => ({ asset: `${index}`, value })));
    return worths.map((worth) => shareOf(worth, gross));
  }
});

/** The close of a UTC day is that of the last candle of four hours that begins in it. */
function dailyCloses(folder: string, path: string): Closes {
  const lastOfDay = new Map<number, { readonly atMs: number; readonly close: string }>();
  for (const { timestamp = "", close = "" } of sampleRows(folder, path)) {
    const atMs = Number(timestamp);
    const day = Math.floor(atMs / DAY_MS);
    if (atMs >= (lastOfDay.get(day)?.atMs ?? 0)) lastOfDay.set(day, { atMs, close });
  }
  const ascending = [...lastOfDay].sort(([a], [b]) => a - b);
  const texts = ascending.map(([, { close }]) => close);
  return { days: ascending.map(([day]) => dayOf(day * DAY_MS)), texts, values: texts.map(Number) };
}

/** The closes that the reference's returns are made of. */
function lastOf(closes: Closes, { last_close_day, n_returns }: Reference): Closes {
  const end = closes.days.indexOf(last_close_day) + 1;
  const begin = end - n_returns - 1;
  return {
    days: closes.days.slice(begin, end),
    texts: closes.texts.slice(begin, end),
    values: closes.values.slice(begin, end),
  };
}

function expectSameFall({ days, values }: Pick<Closes, "days" | "values">, expected: Fall): void {
  let followed: DrawdownSoFar | null = null;
  for (const [index, value] of values.entries()) {
    const atMs = Date.parse(days[index] ?? "");
    followed = followed ? nextDrawdown(followed, value, atMs) : beginDrawdown(value, atMs);
  }
  if (followed === null) throw new Error("no closes");
  const { fraction, peakAtMs, troughAtMs } = followed.deepest;
  const [peakDay, troughDay] = [dayOf(peakAtMs), dayOf(troughAtMs)];
  expectSame(fraction, expected.fraction, "fall");
  expect([peakDay, troughDay]).to.deep.equal([expected.peak_day, expected.trough_day]);
  expectSame(at(values, days.indexOf(peakDay)), expected.peak, "peak");
  expectSame(at(values, days.indexOf(troughDay)), expected.trough, "trough");
}

/** Doubles of a program that adds up in another order: equal but for the last few bits. */
function expectSame(actual: number | undefined, expected: number | undefined, what: string): void {
  expect(actual, what).to.be.a("number");
  expect(expected, `${what} of the reference`).to.be.a("number");
  const [mine, other] = [actual ?? Number.NaN, expected ?? Number.NaN];
  expect(mine, what).to.be.closeTo(other, Math.abs(other) * LARGEST_RELATIVE_ERROR);
}

function at(values: readonly number[], index: number): number {
  return values.at(index) ?? Number.NaN;
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
