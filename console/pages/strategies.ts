import { html } from "htm/preact";
import { listStrategies, type Strategy } from "../api/strategies.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Badge, Count } from "../view/figure.ts";
import { NextPage } from "../view/next-page.ts";
import { Panel } from "../view/panel.ts";
import { strategyTone } from "../view/strategy-parts.ts";
import { type Column, Table } from "../view/table.ts";

/** Every strategy with its state and version. */
export function page({ place }: PageProps) {
  const call = listStrategies(place.query["cursor"] ?? null);
  const asked = useAnswer(call);
  return html`
    <${Panel} title="All strategies" asked=${asked} path=${call.path}
      emptyText="There is no strategy."
      render=${(rows: readonly Strategy[]) => html`
        <${Table} caption="Strategies" columns=${columns} rows=${rows}
          keyOf=${({ _id }: Strategy) => _id} />
      `} />
    <${NextPage} place=${place} nextCursor=${asked.answer?.nextCursor ?? null} />
  `;
}

const columns: readonly Column<Strategy>[] = [
  { title: "Strategy", cell: ({ _id }) => html`<a href=${hrefOf("strategies", _id)}>${_id}</a>` },
  { title: "Name", cell: ({ name }) => name },
  { title: "Owner", cell: ({ ownerId }) => ownerId ?? "–" },
  { title: "Instruments", cell: ({ instruments }) => instruments?.join(", ") ?? "–" },
  { title: "Interval", cell: ({ interval }) => interval ?? "–" },
  {
    title: "Rules",
    isFigure: true,
    cell: ({ _id, rules }) =>
      html`<${Count} value=${rules.length} href=${hrefOf("strategies", _id)} />`,
  },
  {
    title: "Version",
    isFigure: true,
    cell: ({ _id, version }) =>
      html`<${Count} value=${version} href=${hrefOf("strategies", _id)} />`,
  },
  {
    title: "Status",
    cell: ({ status }) => html`<${Badge} word=${status} tone=${strategyTone(status)} />`,
  },
];
