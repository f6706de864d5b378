import { html } from "htm/preact";
import { eventPagesPath, eventStreamPath, type RecordedEvent, tailCommand } from "../api/events.ts";
import { listProjections, logEnds } from "../api/projections.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf, hrefWith, type Place } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { EVENTS_KEPT, type EventTail, useEventTail } from "../state/use-event-tail.ts";
import { Count, Time } from "../view/figure.ts";
import { ProblemNote } from "../view/panel.ts";

const FIRST_TOPIC = "portfolio.events";
/** The audit trail of the projections is a topic, too, though none of them reads it. */
const UNPROJECTED_TOPIC = "operations.events";
const SUMMARY_CHARACTERS = 140;

/** Events as they are appended, of a topic, a type or one aggregate. */
export function page({ place }: PageProps) {
  const { query } = place;
  const filter = {
    topic: query["topic"] ?? FIRST_TOPIC,
    type: query["type"] ?? null,
    aggregateId: query["aggregateId"] ?? null,
  };
  const from = query["from"] === "start" ? "start" : "end";
  const tail = useEventTail(eventStreamPath(filter, from), tailCommand(filter, from));
  return html`
    <${Filters} key=${JSON.stringify(filter)} place=${place} topic=${filter.topic} from=${from} />
    <section class="panel" aria-labelledby="tail">
      <header>
        <h2 id="tail">Tail of ${filter.topic}</h2>
        <p class="freshness">
          <span>${tail.isConnected ? "connected" : "not connected"}</span>
          <span><${Count} value=${tail.received} /> received, the newest ${EVENTS_KEPT} kept</span>
          <a href=${eventPagesPath(filter)}>rows</a>
        </p>
      </header>
      ${tail.problem && html`<${ProblemNote} problem=${tail.problem} />`}
      <${Tail} tail=${tail} place=${place} />
    </section>
  `;
}

function Tail({ tail, place }: { tail: EventTail; place: Place }) {
  if (tail.events.length === 0) {
    return html`
      <p class="state" role="status">
        Waiting for the next event. <a href=${hrefWith(place, { from: "start" })}>From the start</a>
      </p>
    `;
  }
  const line = (event: RecordedEvent) => html`<${EventLine} key=${event.id} event=${event} />`;
  return html`<ol class="events">${tail.events.map(line)}</ol>`;
}

function EventLine({ event }: { event: RecordedEvent }) {
  const { type, aggregateId, sequence, topic, partition, position, recordedAt, data } = event;
  const all = hrefOf("events", null, { topic, aggregateId, from: "start" });
  const text = JSON.stringify(data);
  const summary = text.length > SUMMARY_CHARACTERS ? `${text.slice(0, SUMMARY_CHARACTERS)}…` : text;
  return html`
    <li>
      <details>
        <summary>
          <strong>${type}</strong>
          <span>${aggregateId}</span>
          <span class="faint"><${Time} value=${recordedAt} /></span>
          <span class="faint">${topic}/${partition} at ${position}</span>
          <div class="event-data">${summary}</div>
        </summary>
        <p><a href=${all}>${aggregateId}</a>, its event ${sequence}</p>
        <pre>${JSON.stringify(event, null, 2)}</pre>
      </details>
    </li>
  `;
}

interface FiltersProps {
  readonly place: Place;
  readonly topic: string;
  readonly from: string;
}

function Filters({ place, topic, from }: FiltersProps) {
  const { answer } = useAnswer(listProjections(), null);
  const projected = [...logEnds(answer?.data ?? []).keys()].map((key) => key.split("/")[0] ?? "");
  const topics = [...new Set([topic, ...projected, UNPROJECTED_TOPIC])].sort();
  const change = (name: string) => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement | HTMLSelectElement;
    location.hash = hrefWith(place, { [name]: value.trim() });
  };
  const option = (value: string, isChosen: boolean) =>
    html`<option key=${value} value=${value} selected=${isChosen}>${value}</option>`;
  return html`
    <form class="filters" onSubmit=${(event: Event) => event.preventDefault()}>
      <label>Topic
        <select onChange=${change("topic")}>
          ${topics.map((one) => option(one, one === topic))}
        </select>
      </label>
      <label>Type
        <input type="text" placeholder="any" value=${place.query["type"] ?? ""}
          onChange=${change("type")} />
      </label>
      <label>Aggregate
        <input type="text" placeholder="any" value=${place.query["aggregateId"] ?? ""}
          onChange=${change("aggregateId")} />
      </label>
      <label>From
        <select onChange=${change("from")}>
          ${["end", "start"].map((one) => option(one, one === from))}
        </select>
      </label>
    </form>
  `;
}
