import { html } from "htm/preact";
import { listPortfolios, type Portfolio, rowsOf } from "../api/portfolios.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Amount, Badge, Count, Time } from "../view/figure.ts";
import { NextPage } from "../view/next-page.ts";
import { Panel } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

/** Every portfolio with its cost basis and what it has realised. */
export function page({ place }: PageProps) {
  const call = listPortfolios(place.query["cursor"] ?? null);
  const asked = useAnswer(call);
  return html`
    <${Panel} title="All portfolios" asked=${asked} path=${call.path}
      emptyText="No portfolio is open."
      render=${(rows: readonly Portfolio[]) => html`
        <${Table} caption="Portfolios" columns=${columns} rows=${rows}
          keyOf=${({ portfolioId }: Portfolio) => portfolioId} />
      `} />
    <${NextPage} place=${place} nextCursor=${asked.answer?.nextCursor ?? null} />
  `;
}

const columns: readonly Column<Portfolio>[] = [
  {
    title: "Portfolio",
    cell: ({ portfolioId }) =>
      html`<a href=${hrefOf("portfolios", portfolioId)}>${portfolioId}</a>`,
  },
  { title: "Name", cell: ({ name }) => name },
  { title: "Method", cell: ({ costMethod }) => costMethod },
  {
    title: "Assets",
    isFigure: true,
    cell: ({ assets, portfolioId }) =>
      html`<${Count} value=${assets} href=${rowsOf.holdings(portfolioId)} />`,
  },
  {
    title: "Cost",
    isFigure: true,
    cell: ({ cost, portfolioId }) =>
      html`<${Amount} value=${cost} digits=${2} href=${rowsOf.holdings(portfolioId)} />`,
  },
  {
    title: "Realised",
    isFigure: true,
    cell: ({ realisedNet, portfolioId }) =>
      html`<${Amount} value=${realisedNet} digits=${2} href=${rowsOf.realised(portfolioId)} />`,
  },
  { title: "In", cell: ({ baseCurrency }) => baseCurrency },
  { title: "Opened (UTC)", cell: ({ openedAt }) => html`<${Time} value=${openedAt} />` },
  {
    title: "Status",
    cell: ({ status }) =>
      html`<${Badge} word=${status} tone=${status === "open" ? "good" : "plain"} />`,
  },
];
