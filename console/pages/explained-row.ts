import { html } from "htm/preact";
import type { Answer } from "../api/ask.ts";
import {
  type ExplainedEvent,
  type Explanation,
  explainRow,
  type RowKey,
} from "../api/explanation.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf, type Place } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Badge, Time } from "../view/figure.ts";
import { plainText } from "../view/format.ts";
import { NextPage } from "../view/next-page.ts";
import { Panel } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

/** The events that made a row of a read model, with what each has changed. */
export function page({ place }: PageProps) {
  const row = rowKeyOf(place);
  const call = explainRow(place.id ?? "", row, place.query["cursor"] ?? null);
  const asked = useAnswer(call, null);
  return html`
    <${Panel} title=${`${row.table} ${row.key.join(" ")}`} asked=${asked} path=${call.path}
      isEmpty=${() => false}
      render=${(data: Explanation, { nextCursor }: Answer<Explanation>) => html`
        <${Verdict} explanation=${data} />
        <${Table} caption="Events that made the row" columns=${columns} rows=${data.events}
          keyOf=${({ id }: ExplainedEvent) => id} />
        <${NextPage} place=${place} nextCursor=${nextCursor} />
      `} />
  `;
}

function rowKeyOf({ query }: Place): RowKey {
  const parts: unknown = JSON.parse(query["key"] ?? "[]");
  if (!Array.isArray(parts)) throw new TypeError(`the key ${query["key"]} is no JSON array`);
  return { table: query["table"] ?? "", key: parts };
}

/** With the last page: whether the stored row is what its events make of it. */
function Verdict({ explanation: { agrees, differs, faults } }: { explanation: Explanation }) {
  return html`
    ${
      agrees !== null &&
      html`<p>
        <${Badge} word=${agrees ? "agrees" : "differs"} tone=${agrees ? "good" : "bad"} />
        ${
          agrees
            ? " The stored row is what its events make of it."
            : ` The stored row is another in ${differs?.join(", ")}.`
        }
      </p>`
    }
    ${faults.map(
      ({ position, stream, reason }) =>
        html`<p key=${position} class="badge bad">${position} of ${stream}: ${reason}</p>`,
    )}
  `;
}

const columns: readonly Column<ExplainedEvent>[] = [
  { title: "Recorded (UTC)", cell: ({ recordedAt }) => html`<${Time} value=${recordedAt} />` },
  {
    title: "Event",
    cell: ({ type, topic, aggregateId }) => {
      const href = hrefOf("events", null, { topic, aggregateId, type, from: "start" });
      return html`<a href=${href}>${type}</a>`;
    },
  },
  { title: "At", cell: ({ topic, partition, position }) => `${topic}/${partition}/${position}` },
  { title: "What it changed", cell: changesOf },
  { title: "Actor", cell: ({ actor }) => actor },
  { title: "Command", cell: ({ commandId }) => html`<code>${commandId}</code>` },
  { title: "Trace", cell: ({ traceId }) => traceId ?? "–" },
];

/** Rows are as the projection has them, with times in epoch ms. */
function shownValue(column: string, value: unknown) {
  if (column.endsWith("Ms") && typeof value === "number") return html`<${Time} value=${value} />`;
  return html`<code>${plainText(value)}</code>`;
}

function changesOf({ row, changed }: ExplainedEvent) {
  if (row === null) return "it deleted the row";
  return html`
    <ul class="positions">
      ${changed.map(
        (column) => html`<li key=${column}>${column} ${shownValue(column, row[column])}</li>`,
      )}
    </ul>
  `;
}
