import { html } from "htm/preact";
import { type Sample, sumOf } from "../api/metrics-text.ts";
import type { Generation, Projection } from "../api/projections.ts";
import type { PageProps } from "../pages.ts";
import type { PipelineReading } from "../state/pipeline.ts";
import { hrefOf } from "../state/place.ts";
import { usePipeline } from "../state/use-pipeline.ts";
import { Builds } from "../view/builds.ts";
import { Badge, Count, Time, type Tone } from "../view/figure.ts";
import { secondsText } from "../view/format.ts";
import { ProblemNote } from "../view/panel.ts";
import { ParkedStreams } from "../view/parked-streams.ts";
import { type Column, Table } from "../view/table.ts";

/** Every projection with its generations: where each stands, and what it lacks. */
export function page({ place }: PageProps) {
  const { projections, samples, readings, problem } = usePipeline();
  const { name } = place.query;
  const shown = projections?.filter((one) => name === undefined || one.name === name) ?? null;
  return html`
    ${problem && html`<${ProblemNote} problem=${problem} isOlder=${projections !== null} />`}
    ${shown === null && problem === null && html`<p class="state" role="status">Loading…</p>`}
    ${name !== undefined && html`<p><a href=${hrefOf("projections")}>All projections</a></p>`}
    ${shown?.length === 0 && html`<p class="state">There is no projection ${name}.</p>`}
    ${shown?.map(
      (one) => html`<${OneProjection} key=${one.name} projection=${one} samples=${samples}
        readings=${readings} />`,
    )}
    ${name !== undefined && shown?.length === 1 && html`<${ParkedStreams} name=${name} />`}
  `;
}

function OneProjection({
  projection,
  samples,
  readings,
}: {
  projection: Projection;
  samples: readonly Sample[];
  readings: readonly PipelineReading[];
}) {
  const { name, generations } = projection;
  const labels = { projection: name };
  const lag = sumOf(samples, "projection_lag_seconds", labels);
  const parked = sumOf(samples, "projection_parked_streams", labels);
  const applied = sumOf(samples, "projection_events_total", labels);
  const path = `/v1/projections/${name}`;
  const trail = hrefOf("events", null, {
    topic: "operations.events",
    aggregateId: name,
    from: "start",
  });
  return html`
    <section class="panel" aria-labelledby=${`projection-${name}`} data-projection=${name}>
      <header>
        <h2 id=${`projection-${name}`}>
          <a href=${hrefOf("projections", null, { name })}>${name}</a>
        </h2>
        <p class="freshness">
          <span>lag ${lag === null ? "–" : secondsText(lag)}</span>
          <a class=${parked ? "badge bad" : ""} href=${hrefOf("projections", null, { name })}>
            ${parked ?? "–"} parked
          </a>
          ${projection.paused && html`<span class="badge warning">paused</span>`}
          <span><${Count} value=${applied} href="/metrics" /> events applied by this process</span>
          <a href=${trail}>its history</a>
          <a href=${path}>rows</a>
        </p>
      </header>
      <${Builds} projection=${projection} readings=${readings} />
      ${
        generations.length === 0
          ? html`<p class="state">No generation was started yet.</p>`
          : html`<${Table} caption="Generations of ${name}" columns=${columns}
            rows=${generations.toReversed()}
            keyOf=${({ generation }: Generation) => String(generation)} />`
      }
      <p class="command">
        Rebuild it beside the live one: <code>cipherhorizon projections rebuild ${name}</code>
      </p>
    </section>
  `;
}

const TONES: Readonly<Record<string, Tone>> = {
  live: "good",
  building: "warning",
  verifying: "warning",
  verified: "good",
  different: "bad",
  failed: "bad",
};

const columns: readonly Column<Generation>[] = [
  {
    title: "Generation",
    isFigure: true,
    cell: ({ generation }) => html`<${Count} value=${generation} />`,
  },
  {
    title: "Phase",
    cell: ({ phase }) => html`<${Badge} word=${phase} tone=${TONES[phase] ?? "plain"} />`,
  },
  { title: "Version", isFigure: true, cell: ({ version }) => html`<${Count} value=${version} />` },
  { title: "Started (UTC)", cell: ({ startedAt }) => html`<${Time} value=${startedAt} />` },
  {
    title: "Verified",
    cell: ({ verified, difference }) => difference?.reason ?? (verified ? "yes" : "no"),
  },
  { title: "Gap", isFigure: true, cell: ({ gapEvents }) => html`<${Count} value=${gapEvents} />` },
  { title: "Positions", cell: positionsOf },
];

/** One line for each partition: position, how many events it lacks, and who feeds it. */
function positionsOf({ position, gapEventsByPartition, fedBy }: Generation) {
  if (position === null) return html`<span class="none">–</span>`;
  return html`
    <ul class="positions">
      ${Object.entries(position).map(([partition, next]) => {
        const gap = gapEventsByPartition?.[partition] ?? 0;
        const feeder = fedBy?.[partition];
        const href = hrefOf("events", null, {
          topic: partition.split("/")[0] ?? "",
          from: "start",
        });
        return html`
          <li key=${partition}>
            <a href=${href}>${partition}</a> <${Count} value=${next} />
            ${gap > 0 && html` <span class="behind">gap ${gap}</span>`}
            ${feeder !== undefined && html` <span class="none">${feeder}</span>`}
          </li>
        `;
      })}
    </ul>
  `;
}
