import { html } from "htm/preact";
import {
  type Candle,
  getInstrument,
  getTicker,
  INTERVALS,
  type Instrument,
  listCandles,
  type Ticker,
} from "../api/instruments.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf, hrefWith, type Place } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { useCandles } from "../state/use-candles.ts";
import { CandleChart } from "../view/candle-chart.ts";
import { Facts } from "../view/facts.ts";
import { Amount, Count, Time } from "../view/figure.ts";
import { Panel, ProblemNote } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

const COUNTS = ["120", "300", "500"];
const TABLE_ROWS = 10;

/** One instrument: its day in figures, and its candles drawing themselves. */
export function page({ place }: PageProps) {
  const id = place.id ?? "";
  const instrument = useAnswer(getInstrument(id), null);
  const ticker = useAnswer(getTicker(id));
  return html`
    <${Panel} title="24 hours" asked=${ticker} path=${getTicker(id).path}
      isEmpty=${(data: Ticker) => data === null} emptyText="It was never traded."
      render=${(data: NonNullable<Ticker>) => html`<${Facts} facts=${factsOf(data, id)} />`} />
    ${instrument.answer && html`<${Candles} place=${place} instrument=${instrument.answer.data} />`}
    ${instrument.problem && html`<${ProblemNote} problem=${instrument.problem} />`}
  `;
}

function factsOf(ticker: NonNullable<Ticker>, id: string) {
  const ticks = `/v1/instruments/${id}/ticks?order=newest`;
  const minutes = hrefOf("market", id, { interval: "1m", candles: "500" });
  const amount = (name: string, value: string | null, href: string) => {
    return { name, shown: html`<${Amount} value=${value} href=${href} />` };
  };
  return [
    amount("last", ticker.last, ticks),
    amount("change", ticker.change, minutes),
    amount("high", ticker.high, minutes),
    amount("low", ticker.low, minutes),
    amount("VWAP", ticker.vwap, ticks),
    amount("volume", ticker.baseVolume, ticks),
    { name: "trades", shown: html`<${Count} value=${ticker.trades} href=${ticks} />` },
    { name: "last trade (UTC)", shown: html`<${Time} value=${ticker.timestamp} href=${ticks} />` },
  ];
}

function Candles({ place, instrument }: { place: Place; instrument: Instrument }) {
  const { instrumentId: id, priceStep } = instrument;
  const range = rangeOf(place);
  const { candles, problem, streamed } = useCandles(id, range);
  const last = candles?.at(-1);
  const close = last?.close ?? "no price";
  const label = `${range.interval} candles of ${id}, the last closed at ${close}`;
  return html`
    <section class="panel" aria-labelledby="candles">
      <header>
        <h2 id="candles">Candles</h2>
        <p class="freshness">
          ${range.to === null && html`<${LiveNote} streamed=${streamed} />`}
          <a href=${listCandles(id, range).path}>rows</a>
        </p>
      </header>
      <${Choices} place=${place} range=${range} first=${candles?.[0]?.openTime ?? null} />
      ${problem && html`<${ProblemNote} problem=${problem} isOlder=${candles !== null} />`}
      ${candles === null && problem === null && html`<p class="state" role="status">Loading…</p>`}
      ${candles?.length === 0 && html`<p class="state">There is no candle in this range.</p>`}
      ${
        candles !== null &&
        candles.length > 0 &&
        html`
        <${CandleChart} candles=${candles} priceStep=${priceStep} label=${label} />
        <details>
          <summary>The last ${Math.min(TABLE_ROWS, candles.length)} as figures</summary>
          <${Table} caption="Candles" columns=${columns}
            rows=${candles.slice(-TABLE_ROWS).toReversed()}
            keyOf=${({ openTime }: Candle) => openTime} />
        </details>
      `
      }
    </section>
  `;
}

function LiveNote({ streamed }: { streamed: number }) {
  return html`<span data-streamed=${streamed}>live, ${streamed} closed since opened</span>`;
}

function rangeOf({ query }: Place) {
  const interval = INTERVALS.find((one) => one === query["interval"]) ?? "1m";
  const count = COUNTS.find((one) => one === query["candles"]) ?? "120";
  return { interval, limit: Number(count), to: query["to"] ?? null };
}

type Range = ReturnType<typeof rangeOf>;

function Choices({ place, range, first }: { place: Place; range: Range; first: string | null }) {
  const choice = (name: string, value: string, isChosen: boolean) => html`
    <a key=${value} href=${hrefWith(place, { [name]: value })} aria-current=${mark(isChosen)}>
      ${value}
    </a>
  `;
  return html`
    <nav class="choices" aria-label="Interval and range">
      <span role="group" aria-label="Interval">
        ${INTERVALS.map((one) => choice("interval", one, one === range.interval))}
      </span>
      <span role="group" aria-label="How many candles">
        ${COUNTS.map((one) => choice("candles", one, one === String(range.limit)))}
      </span>
      <span role="group" aria-label="Range">
        ${first && html`<a href=${hrefWith(place, { to: first })}>earlier</a>`}
        <a href=${hrefWith(place, { to: null })} aria-current=${mark(range.to === null)}>live</a>
      </span>
    </nav>
  `;
}

function mark(isChosen: boolean): "true" | undefined {
  return isChosen ? "true" : undefined;
}

const columns: readonly Column<Candle>[] = [
  { title: "Opened (UTC)", cell: ({ openTime }) => html`<${Time} value=${openTime} />` },
  ...(["open", "high", "low", "close", "volume", "vwap"] as const).map((name) => ({
    title: name,
    isFigure: true,
    cell: (candle: Candle) => html`<${Amount} value=${candle[name]} />`,
  })),
  { title: "trades", isFigure: true, cell: ({ trades }) => html`<${Count} value=${trades} />` },
  { title: "", cell: ({ complete }) => (complete ? "" : "running") },
];
