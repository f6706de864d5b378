import { html } from "htm/preact";
import {
  type Cash,
  getPortfolio,
  type Holding,
  listCash,
  listHoldings,
  newestTrades,
  type Portfolio,
  rowsOf,
  type Trade,
} from "../api/portfolios.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { has, useRoutes } from "../state/use-routes.ts";
import { EquityPanel } from "../view/equity-panel.ts";
import { Facts } from "../view/facts.ts";
import { Amount, Badge, Count, Time } from "../view/figure.ts";
import { Panel } from "../view/panel.ts";
import { RiskPanels } from "../view/risk-panels.ts";
import { type Column, Table } from "../view/table.ts";

/** One portfolio: what it holds, what it did, what it is worth and what it risks. */
export function page({ place }: PageProps) {
  const id = place.id ?? "";
  const call = getPortfolio(id);
  const asked = useAnswer(call);
  return html`
    <${Panel} title="Portfolio" asked=${asked} path=${call.path}
      render=${(data: Portfolio) => html`<${Facts} facts=${factsOf(data)} />`} />
    ${asked.answer && html`<${Parts} id=${id} />`}
  `;
}

function Parts({ id }: { id: string }) {
  const routes = useRoutes();
  const [holdings, cash, trades] = [listHoldings(id), listCash(id), newestTrades(id)];
  const askedHoldings = useAnswer(holdings);
  const askedCash = useAnswer(cash);
  const askedTrades = useAnswer(trades);
  return html`
    ${has(routes, "/v1/portfolios/{id}/equity-curve") && html`<${EquityPanel} portfolioId=${id} />`}
    <${Panel} title="Holdings" asked=${askedHoldings} path=${holdings.path}
      emptyText="Nothing is held."
      render=${(rows: readonly Holding[]) => html`
        <${Table} caption="Holdings" columns=${holdingColumns(id)} rows=${rows}
          keyOf=${({ asset }: Holding) => asset} />
      `} />
    <${Panel} title="Cash" asked=${askedCash} path=${cash.path} emptyText="There is no cash."
      render=${(rows: readonly Cash[]) => html`
        <${Table} caption="Cash" columns=${cashColumns(id)} rows=${rows}
          keyOf=${({ asset }: Cash) => asset} />
      `} />
    ${has(routes, "/v1/portfolios/{id}/risk") && html`<${RiskPanels} portfolioId=${id} />`}
    <${Panel} title="Newest trades" asked=${askedTrades} path=${trades.path}
      emptyText="It has not traded."
      render=${(rows: readonly Trade[]) => html`
        <${Table} caption="Newest trades" columns=${tradeColumns} rows=${rows}
          keyOf=${({ tradeNumber }: Trade) => String(tradeNumber)} />
      `} />
  `;
}

function factsOf(data: Portfolio) {
  const { portfolioId: id } = data;
  const events = hrefOf("events", null, {
    topic: "portfolio.events",
    aggregateId: id,
    from: "start",
  });
  const amount = (value: string, href: string) => html`<${Amount} value=${value} href=${href} />`;
  return [
    { name: "name", shown: data.name },
    { name: "status", shown: html`<${Badge} word=${data.status} />` },
    { name: `cost (${data.baseCurrency})`, shown: amount(data.cost, rowsOf.holdings(id)) },
    {
      name: `realised (${data.baseCurrency})`,
      shown: amount(data.realisedNet, rowsOf.realised(id)),
    },
    { name: "cost method", shown: data.costMethod },
    { name: "events", shown: html`<${Count} value=${data.version} href=${events} />` },
    ...(data.basisAssumed
      ? [{ name: "basis", shown: html`<${Badge} word="partly assumed" tone="warning" />` }]
      : []),
  ];
}

function holdingColumns(id: string): readonly Column<Holding>[] {
  const figure = (
    title: string,
    pick: (row: Holding) => string | null,
    rows: (asset: string) => string,
  ) => ({
    title,
    isFigure: true,
    cell: (row: Holding) => html`<${Amount} value=${pick(row)} href=${rows(row.asset)} />`,
  });
  return [
    { title: "Asset", cell: ({ asset }) => asset },
    figure(
      "Quantity",
      ({ quantity }) => quantity,
      (asset) => rowsOf.ledger(id, asset),
    ),
    figure(
      "Average cost",
      ({ averageCost }) => averageCost,
      (asset) => rowsOf.lots(id, asset),
    ),
    figure(
      "Cost",
      ({ cost }) => cost,
      (asset) => rowsOf.lots(id, asset),
    ),
    figure(
      "Realised",
      ({ realisedNet }) => realisedNet,
      () => rowsOf.realised(id),
    ),
    {
      title: "Why",
      cell: ({ asset }) => {
        const row = { table: "holdings", key: JSON.stringify([id, asset]) };
        return html`<a href=${hrefOf("explain", "portfolios", { ...row, asOf: null })}>explain</a>`;
      },
    },
  ];
}

function cashColumns(id: string): readonly Column<Cash>[] {
  const figure = (name: "free" | "locked" | "total") => ({
    title: name,
    isFigure: true,
    cell: (row: Cash) =>
      html`<${Amount} value=${row[name]} href=${rowsOf.ledger(id, row.asset)} />`,
  });
  return [
    { title: "Asset", cell: ({ asset }) => asset },
    figure("free"),
    figure("locked"),
    figure("total"),
  ];
}

const tradeColumns: readonly Column<Trade>[] = [
  { title: "Traded (UTC)", cell: ({ occurredAt }) => html`<${Time} value=${occurredAt} />` },
  {
    title: "Instrument",
    cell: ({ instrumentId }) => html`<a href=${hrefOf("market", instrumentId)}>${instrumentId}</a>`,
  },
  { title: "Side", cell: ({ side }) => html`<span class=${side}>${side}</span>` },
  { title: "Price", isFigure: true, cell: ({ price }) => html`<${Amount} value=${price} />` },
  {
    title: "Quantity",
    isFigure: true,
    cell: ({ quantity }) => html`<${Amount} value=${quantity} />`,
  },
  { title: "Fee", isFigure: true, cell: ({ fee }) => html`<${Amount} value=${fee} />` },
  { title: "in", cell: ({ feeCurrency }) => feeCurrency },
  {
    title: "Realised",
    isFigure: true,
    cell: ({ realisedNet }) => html`<${Amount} value=${realisedNet} />`,
  },
  { title: "By", cell: originOf },
];

function originOf({ strategyId, copiedFrom }: Trade) {
  if (strategyId !== null)
    return html`<a href=${hrefOf("strategies", strategyId)}>${strategyId}</a>`;
  return copiedFrom === null ? "–" : `copied from ${copiedFrom}`;
}
