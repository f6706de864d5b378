import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describeWithSampleData, sampleRows } from "../../test/sample-data.ts";
import { DAY_MS } from "../market/interval.ts";
import { beginDrawdown, nextDrawdown } from "./drawdown.ts";
import { concentrationOf } from "./exposure.ts";
import { covarianceOf, deviationOf, ewmaDeviationOf, meanOf, returnsOf } from "./returns.ts";
import { deltaNormalOf, tailRisksOf } from "./tail-risk.ts";

const RETURNS = 365;
const CLOSE_ENOUGH = 1e-12;

/** Doubles of another program, which adds up in another order. */
function expectClose(actual: number, expected: number, what: string): void {
  expect(actual, what).to.be.closeTo(expected, Math.abs(expected) * CLOSE_ENOUGH + 1e-15);
}

/** Closes by UTC day: that of the last candle of four hours that begins in it. */
function dailyCloses(folder: string, path: string): Map<number, number> {
  const closes = new Map<number, number>();
  for (const { timestamp = "", close = "" } of sampleRows(folder, path)) {
    closes.set(Math.floor(Number(timestamp) / DAY_MS), Number(close));
  }
  return closes;
}

describeWithSampleData("the measures of risk, against those of another program", (folder) => {
  const text = readFileSync(join(folder, "reference/risk_btc1-eth10_365d.json"), "utf8");
  const expected = JSON.parse(text);
  const btc = dailyCloses(folder, "candles/coinbase_btc-usd_4h_2016-05_2025-10.csv.gz");
  const eth = dailyCloses(folder, "candles/coinbase_eth-usd_4h_2016-05_2025-10.csv.gz");
  const lastDay = Date.parse(expected.last_close_day) / DAY_MS;
  const days = [...btc.keys()].filter((day) => day <= lastDay && eth.has(day)).slice(-RETURNS - 1);
  const btcCloses = days.map((day) => btc.get(day) as number);
  const ethCloses = days.map((day) => eth.get(day) as number);
  const values = btcCloses.map((close, index) => close + 10 * (ethCloses[index] as number));
  const returns = returnsOf(values);

  it("are made of the same returns", () => {
    expect(returns).to.have.length(RETURNS);
    expectClose(values.at(-1) as number, expected.value_last, "value");
    expectClose(meanOf(returns), expected.mean, "mean");
    expectClose(deviationOf(returns), expected.stdev_sample, "deviation");
    expectClose(ewmaDeviationOf(returns), expected.ewma.stdev_last, "EWMA");
  });

  it("are the same losses at 95 and 99 %, historical and parametric", () => {
    for (const risk of tailRisksOf(returns)) {
      const historical = expected.historical[String(risk.confidence)];
      const parametric = expected.parametric[String(risk.confidence)];
      expectClose(risk.historicalVar, historical.var_order_statistic, "VaR");
      expectClose(risk.historicalShortfall, historical.es_mean_of_k_worst, "ES");
      expectClose(risk.parametricVar, parametric.var_with_mean, "parametric VaR");
      expectClose(risk.parametricVarZeroMean, parametric.var_zero_mean, "zero-mean VaR");
      expectClose(risk.parametricShortfall, parametric.es_with_mean, "parametric ES");
    }
  });

  it("are the same parts of the loss, which add up to the whole", () => {
    const [ofBtc, ofEth] = [returnsOf(btcCloses), returnsOf(ethCloses)];
    const covariance = [ofBtc, ofEth].map((one) => {
      return [ofBtc, ofEth].map((other) => covarianceOf(one, other));
    });
    expectClose(covariance[0]?.[1] as number, expected.covariance.cov, "covariance");
    const { BTC, ETH } = expected.covariance.weights;
    const { total, components } = deltaNormalOf([BTC, ETH], covariance);
    expectClose(total, expected.covariance.delta_normal_var95_zero_mean, "delta-normal VaR");
    const { component_var95: parts } = expected.covariance;
    expectClose(components[0] as number, parts.BTC, "of BTC");
    expectClose(components[1] as number, parts.ETH, "of ETH");
    expectClose((components[0] as number) + (components[1] as number), total, "sum");
    const concentration = concentrationOf([BTC, ETH]);
    expectClose(concentration?.herfindahl ?? 0, expected.covariance.hhi, "HHI");
  });

  it("are the same deepest falls, with their days", () => {
    for (const [series, of, reference] of [
      [values, days, expected.max_drawdown],
      [[...btc.values()], [...btc.keys()], expected.btc_max_drawdown_all],
    ] as const) {
      const [first = 0, ...rest] = series;
      let drawdown = beginDrawdown(first, (of[0] as number) * DAY_MS);
      for (const [index, value] of rest.entries()) {
        drawdown = nextDrawdown(drawdown, value, (of[index + 1] as number) * DAY_MS);
      }
      const { fraction, peakAtMs, troughAtMs } = drawdown.deepest;
      expectClose(fraction, reference.fraction, "fall");
      expect(dayOf(peakAtMs)).to.equal(reference.peak_day);
      expect(dayOf(troughAtMs)).to.equal(reference.trough_day);
    }
  });
});

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
