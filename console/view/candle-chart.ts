import { html } from "htm/preact";
import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  type IChartApi,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";
import type { Candle } from "../api/instruments.ts";
import { colourOf, useColourScheme } from "./colours.ts";

export interface CandleChartProps {
  readonly candles: readonly Candle[];
  /** The smallest step of the price, as decimal text. */
  readonly priceStep: string;
  readonly label: string;
}

/** Candles and their volume; what is new is added, the rest stays as it is drawn. */
export function CandleChart({ candles, priceStep, label }: CandleChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<DrawnCandles | null>(null);
  const scheme = useColourScheme();
  useEffect(() => {
    if (box.current === null) return;
    const chart = new DrawnCandles(box.current, priceStep);
    drawn.current = chart;
    return () => {
      drawn.current = null;
      chart.remove();
    };
  }, [scheme, priceStep]);
  useEffect(() => drawn.current?.show(candles), [candles, scheme, priceStep]);
  return html`<div class="chart" ref=${box} role="img" aria-label=${label}></div>`;
}

/** Volume takes the lowest part of the chart. */
const VOLUME_MARGINS = { top: 0.82, bottom: 0 };
const PRICE_MARGINS = { top: 0.06, bottom: 0.22 };

class DrawnCandles {
  readonly #chart: IChartApi;
  readonly #prices;
  readonly #volumes;
  #shown: readonly Candle[] = [];

  constructor(box: HTMLElement, priceStep: string) {
    this.#chart = createChart(box, chartOptions());
    const [up, down] = [colourOf("up"), colourOf("down")];
    const precision = priceStep.split(".")[1]?.length ?? 0;
    this.#prices = this.#chart.addSeries(CandlestickSeries, {
      upColor: up,
      downColor: down,
      wickUpColor: up,
      wickDownColor: down,
      borderVisible: false,
      priceFormat: { type: "price", precision, minMove: Number(priceStep) },
    });
    this.#prices.priceScale().applyOptions({ scaleMargins: PRICE_MARGINS });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volumes.priceScale().applyOptions({ scaleMargins: VOLUME_MARGINS });
  }

  show(candles: readonly Candle[]): void {
    const before = this.#shown;
    this.#shown = candles;
    const goesOn = before.length > 0 && candles[before.length - 1] !== undefined;
    if (goesOn && candles[0]?.openTime === before[0]?.openTime) {
      for (let at = 0; at < candles.length; at += 1)
        this.#update(candles[at], before[at], at < before.length - 1);
      return;
    }
    this.#prices.setData(candles.map(priceBar));
    this.#volumes.setData(candles.map(volumeBar));
    this.#chart.timeScale().fitContent();
  }

  remove(): void {
    this.#chart.remove();
  }

  /** A candle that has not changed is the same object. */
  #update(candle: Candle | undefined, before: Candle | undefined, isHistory: boolean): void {
    if (candle === undefined || candle === before) return;
    this.#prices.update(priceBar(candle), isHistory);
    this.#volumes.update(volumeBar(candle), isHistory);
  }
}

function chartOptions() {
  const line = { color: colourOf("line") };
  return {
    autoSize: true,
    layout: {
      background: { color: "transparent" },
      textColor: colourOf("faint"),
      fontFamily: "inherit",
      // The page's foot has the link: the logo would bring HTML of its own.
      attributionLogo: false,
    },
    grid: { vertLines: line, horzLines: line },
    rightPriceScale: { borderColor: line.color },
    timeScale: { borderColor: line.color, timeVisible: true, secondsVisible: false },
  };
}

/** Doubles are for the eye alone; the figures beside the chart are the exact ones. */
function priceBar({ openTime, open, high, low, close }: Candle) {
  const time = secondsOf(openTime);
  return { time, open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
}

function volumeBar({ openTime, open, close, volume }: Candle) {
  const color = colourOf(Number(close) >= Number(open) ? "up" : "down");
  return { time: secondsOf(openTime), value: Number(volume), color: `${color}55` };
}

function secondsOf(time: string): UTCTimestamp {
  return (Date.parse(time) / 1000) as UTCTimestamp;
}
