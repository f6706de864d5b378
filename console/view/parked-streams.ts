import { html } from "htm/preact";
import { listParked, type Parked, type ParkedStream } from "../api/projections.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Count, Time } from "./figure.ts";
import { Panel } from "./panel.ts";
import { type Column, Table } from "./table.ts";

/** The streams of a projection that were set aside, and how to go on with them. */
export function ParkedStreams({ name }: { name: string }) {
  const call = listParked(name);
  const asked = useAnswer(call);
  return html`
    <${Panel} title=${`Parked in ${name}`} asked=${asked} path=${call.path}
      isEmpty=${({ streams, discarded }: Parked) => streams.length + discarded.length === 0}
      emptyText="No stream is parked."
      render=${({ streams, discarded }: Parked) => html`
        <${Table} caption="Parked streams" columns=${columns} rows=${streams}
          keyOf=${(one: ParkedStream) => `${one.generation} ${one.stream}`} />
        <p>${discarded.length} events were given up for good.</p>
        <p class="command">
          Apply what is parked again: <code>cipherhorizon parked release ${name} STREAM</code>
        </p>
      `} />
  `;
}

const columns: readonly Column<ParkedStream>[] = [
  { title: "Stream", cell: ({ stream }) => stream },
  { title: "Gen.", isFigure: true, cell: (one) => html`<${Count} value=${one.generation} />` },
  {
    title: "At",
    cell: ({ partition, position, stream }) => {
      const topic = partition.split("/")[0] ?? "";
      const href = hrefOf("events", null, { topic, aggregateId: stream, from: "start" });
      return html`<a href=${href}>${partition}/${position}</a>`;
    },
  },
  { title: "Since (UTC)", cell: ({ since }) => html`<${Time} value=${since} />` },
  { title: "Why", cell: ({ reason }) => reason },
  {
    title: "Released",
    cell: ({ releasing, releases }) => (releasing ? "under way" : `${releases} times in vain`),
  },
];
