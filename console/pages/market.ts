import { html } from "htm/preact";
import { getLastPrice, type Instrument, listInstruments } from "../api/instruments.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Amount, Badge, Time } from "../view/figure.ts";
import { NextPage } from "../view/next-page.ts";
import { Panel } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

const REFRESH_LIST_MS = 15_000;
const REFRESH_PRICES_MS = 3_000;
const NOTHING =
  "No instrument is registered; cipherhorizon import ticks <file> --register does it by itself.";

/** Every instrument with its last price. */
export function page({ place }: PageProps) {
  const call = listInstruments(place.query["cursor"] ?? null);
  const asked = useAnswer(call, REFRESH_LIST_MS);
  return html`
    <${Panel}
      title="Instruments" asked=${asked} path=${call.path}
      emptyText=${NOTHING}
      render=${(rows: readonly Instrument[]) => html`
        <${Table} caption="Instruments" columns=${columns} rows=${rows}
          keyOf=${({ instrumentId }: Instrument) => instrumentId} />
      `}
    />
    <${NextPage} place=${place} nextCursor=${asked.answer?.nextCursor ?? null} />
  `;
}

const columns: readonly Column<Instrument>[] = [
  {
    title: "Instrument",
    cell: ({ instrumentId }) => html`<a href=${hrefOf("market", instrumentId)}>${instrumentId}</a>`,
  },
  {
    title: "Last price, traded at (UTC)",
    isFigure: true,
    cell: ({ instrumentId }) => html`<${LastPrice} id=${instrumentId} />`,
  },
  { title: "Quote", cell: ({ quote }) => quote },
  {
    title: "Price step",
    isFigure: true,
    cell: ({ priceStep }) => html`<${Amount} value=${priceStep} />`,
  },
  { title: "Kind", cell: ({ kind }) => kind },
  {
    title: "Status",
    cell: ({ status }) =>
      html`<${Badge} word=${status} tone=${status === "listed" ? "good" : "warning"} />`,
  },
];

function LastPrice({ id }: { id: string }) {
  const { answer } = useAnswer(getLastPrice(id), REFRESH_PRICES_MS);
  const last = answer?.data ?? null;
  const href = hrefOf("market", id);
  return html`
    <${Amount} value=${last?.price ?? null} href=${href} />
    ${last && html`<small><${Time} value=${last.timestamp} /></small>`}
  `;
}
