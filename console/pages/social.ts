import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { listTraders, TRADERS_A_PAGE, type Trader } from "../api/traders.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { useFollowerEdges } from "../state/use-follower-graph.ts";
import { Count } from "../view/figure.ts";
import { canDrawGraphs, FollowerGraph } from "../view/follower-graph.ts";
import { NextPage } from "../view/next-page.ts";
import { Panel, ProblemNote } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

const WITHOUT_WEBGL =
  "This browser has no WebGL 2, so the graph is not drawn; the table has the same.";

/** Traders, and who follows and copies whom. */
export function page({ place }: PageProps) {
  const call = listTraders(place.query["cursor"] ?? null);
  const asked = useAnswer(call, null);
  const next = asked.answer?.nextCursor ?? null;
  return html`
    <${Panel} title="Traders" asked=${asked} path=${call.path} emptyText="No trader is registered."
      render=${(rows: readonly Trader[]) => html`
        <${Network} traders=${rows} isPart=${next !== null} />
        <${Table} caption="Traders" columns=${columns} rows=${rows}
          keyOf=${({ traderId }: Trader) => traderId} />
      `} />
    <${NextPage} place=${place} nextCursor=${next} />
  `;
}

function Network({ traders, isPart }: { traders: readonly Trader[]; isPart: boolean }) {
  const { edges, problem } = useFollowerEdges(traders);
  const nodes = useMemo(() => traders.map(nodeOf), [traders]);
  if (problem !== null) return html`<${ProblemNote} problem=${problem} />`;
  if (!canDrawGraphs()) {
    return html`<p class="state">${WITHOUT_WEBGL}</p>`;
  }
  if (edges === null) return html`<p class="state" role="status">Loading who follows whom…</p>`;
  const label = `${nodes.length} traders, ${edges.length} relations between them`;
  const part = isPart ? `, of the ${TRADERS_A_PAGE} on this page` : "";
  return html`
    <p class="lead">${label}${part}: thin lines follow, thick ones copy.</p>
    <${FollowerGraph} traders=${nodes} edges=${edges} label=${label} onOpen=${open} />
  `;
}

function nodeOf({ traderId, handle }: Trader) {
  return { id: traderId, label: handle ?? traderId };
}

function open(traderId: string): void {
  location.hash = hrefOf("social", traderId);
}

function figure(title: string, pick: (trader: Trader) => number | null): Column<Trader> {
  const cell = (row: Trader) =>
    html`<${Count} value=${pick(row)} href=${hrefOf("social", row.traderId)} />`;
  return { title, isFigure: true, cell };
}

const columns: readonly Column<Trader>[] = [
  {
    title: "Trader",
    cell: ({ traderId }) => html`<a href=${hrefOf("social", traderId)}>${traderId}</a>`,
  },
  { title: "Handle", cell: ({ handle }) => handle ?? "–" },
  figure("Followers", ({ followers }) => followers),
  figure("Following", ({ following }) => following),
  figure("Copiers", ({ copiers }) => copiers),
];
