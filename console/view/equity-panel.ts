import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { type EquityPoint, getEquityCurve } from "../api/equity-curve.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Amount, Time } from "./figure.ts";
import { LineChart } from "./line-chart.ts";
import { Panel } from "./panel.ts";

const REFRESH_MS = 10_000;

/** What the portfolio was worth over time. */
export function EquityPanel({ portfolioId }: { portfolioId: string }) {
  const call = getEquityCurve(portfolioId);
  const asked = useAnswer(call, REFRESH_MS);
  return html`
    <${Panel} title="Equity curve" asked=${asked} path=${call.path}
      emptyText="It has not been assessed yet."
      render=${(points: readonly EquityPoint[]) => html`
        <${Curve} points=${points} path=${call.path} />
      `} />
  `;
}

function Curve({ points, path }: { points: readonly EquityPoint[]; path: string }) {
  const times = useMemo(() => points.map(({ at }) => Date.parse(at) / 1000), [points]);
  const values = useMemo(() => points.map(({ equity }) => Number(equity)), [points]);
  const last = points.at(-1);
  return html`
    <p class="lead">
      <${Amount} value=${last?.equity ?? null} href=${path} />
      ${last && html`<small>at <${Time} value=${last.at} /> UTC</small>`}
    </p>
    <${LineChart} label="Equity over time, last ${last?.equity}" unit="equity"
      times=${times} values=${values} />
  `;
}
