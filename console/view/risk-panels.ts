import { html } from "htm/preact";
import { getRisk, listRiskLimits, type Risk, type RiskLimit } from "../api/risk.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Facts } from "./facts.ts";
import { Amount, Badge, linked, Time, type Tone } from "./figure.ts";
import { percentText, wordsOf } from "./format.ts";
import { Panel } from "./panel.ts";
import { type Column, Table } from "./table.ts";

const AT_LATEST_TICK = ["equity", "grossExposure", "netExposure"] as const;
const RATIOS = ["leverage", "concentration", "drawdown", "maxDrawdown", "volatility"] as const;

/** What a portfolio is worth now, the measures of its newest assessment, and its limits. */
export function RiskPanels({ portfolioId }: { portfolioId: string }) {
  const [risk, limits] = [getRisk(portfolioId), listRiskLimits(portfolioId)];
  const askedRisk = useAnswer(risk);
  const askedLimits = useAnswer(limits);
  return html`
    <${Panel} title="Risk" asked=${askedRisk} path=${risk.path}
      render=${(data: Risk) => html`<${Facts} facts=${factsOf(data, risk.path)} />`} />
    <${Panel} title="Risk limits" asked=${askedLimits} path=${limits.path}
      emptyText="No limit is set."
      render=${(rows: readonly RiskLimit[]) => html`
        <${Table} caption="Risk limits" columns=${columns} rows=${rows}
          keyOf=${({ kind, scope }: RiskLimit) => `${kind} ${scope}`} />
      `} />
  `;
}

function factsOf(data: Risk, path: string) {
  return [
    ...AT_LATEST_TICK.map((name) => ({
      name: `${wordsOf(name)} now`,
      shown: html`<${Amount} value=${data.now?.[name] ?? null} href=${path} />`,
    })),
    ...tailFacts(data, path),
    ...RATIOS.map((name) => ({ name: wordsOf(name), shown: ratio(name, data[name], path) })),
    { name: "assessed (UTC)", shown: html`<${Time} value=${data.assessedAt} href=${path} />` },
  ];
}

/** What one day may cost at 95 %; without enough returns nobody can tell. */
function tailFacts({ tails }: Risk, path: string) {
  const [tail] = tails ?? [];
  const shown = (value: string | undefined) => {
    if (value === undefined) return html`<span class="none">not enough data</span>`;
    return html`<${Amount} value=${value} href=${path} />`;
  };
  return [
    { name: "value at risk, 95 %", shown: shown(tail?.historicalVarAmount) },
    { name: "expected shortfall, 95 %", shown: shown(tail?.historicalShortfallAmount) },
  ];
}

function ratio(name: (typeof RATIOS)[number], value: number | null, path: string) {
  // Null says that there is too little to measure, which zero would not.
  if (value === null) return html`<span class="none">not enough data</span>`;
  return linked(name === "leverage" ? `${value.toFixed(2)} ×` : percentText(value), path);
}

const TONES: Readonly<Record<string, Tone>> = {
  ok: "good",
  cleared: "good",
  warned: "warning",
  breached: "bad",
};

const columns: readonly Column<RiskLimit>[] = [
  { title: "Limit on", cell: ({ kind }) => wordsOf(kind) },
  { title: "Scope", cell: ({ scope }) => scope ?? "portfolio" },
  { title: "Now", isFigure: true, cell: ({ value }) => html`<${Amount} value=${value} />` },
  { title: "Warn at", isFigure: true, cell: ({ warnAt }) => html`<${Amount} value=${warnAt} />` },
  { title: "Limit", isFigure: true, cell: ({ limit }) => html`<${Amount} value=${limit} />` },
  {
    title: "State",
    cell: ({ state }) =>
      html`<${Badge} word=${state} tone=${TONES[state.toLowerCase()] ?? "plain"} />`,
  },
  { title: "Action", cell: ({ action }) => (action === null ? "–" : wordsOf(action)) },
];
