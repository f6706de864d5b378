import { html } from "htm/preact";
import type { Rule } from "../api/strategies.ts";
import { Amount, type Tone } from "./figure.ts";
import { plainText } from "./format.ts";
import { type Column, Table } from "./table.ts";

const TONES: Readonly<Record<string, Tone>> = { active: "good", paused: "warning" };

export function strategyTone(status: string): Tone {
  return TONES[status] ?? "plain";
}

/** The rules of a strategy, in their order. */
export function Rules({ rules }: { rules: readonly Rule[] }) {
  const numbered = rules.map((rule, at) => ({ ...rule, number: at + 1 }));
  return html`
    <${Table} caption="Rules" columns=${columns} rows=${numbered}
      keyOf=${({ number }: NumberedRule) => String(number)} />
  `;
}

type NumberedRule = Rule & { readonly number: number };

const columns: readonly Column<NumberedRule>[] = [
  { title: "#", isFigure: true, cell: ({ number }) => number },
  { title: "Indicator", cell: ({ indicator }) => indicator },
  { title: "Parameters", cell: ({ params }) => (params === null ? "–" : plainText(params)) },
  { title: "Condition", cell: ({ condition }) => html`<code>${condition}</code>` },
  { title: "Action", cell: ({ action }) => html`<span class=${action}>${action}</span>` },
  { title: "Size", isFigure: true, cell: ({ size }) => html`<${Amount} value=${size} />` },
];
