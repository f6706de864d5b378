import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { type Sample, sumOf } from "../api/metrics-text.ts";
import { isUnderWay, liveOf, type Projection } from "../api/projections.ts";
import { rateOf, ratesOf } from "../state/pipeline.ts";
import { hrefOf } from "../state/place.ts";
import { type Pipeline, usePipeline } from "../state/use-pipeline.ts";
import { Count } from "../view/figure.ts";
import { rateText, secondsText } from "../view/format.ts";
import { LineChart } from "../view/line-chart.ts";
import { ProblemNote } from "../view/panel.ts";

/** The whole pipeline at a glance, from commands to what can be read. */
export function page() {
  const pipeline = usePipeline();
  if (pipeline.projections === null) {
    return pipeline.problem === null
      ? html`<p class="state" role="status">Loading…</p>`
      : html`<${ProblemNote} problem=${pipeline.problem} />`;
  }
  return html`
    ${pipeline.problem && html`<${ProblemNote} problem=${pipeline.problem} isOlder=${true} />`}
    <${Strip} ...${pipeline} projections=${pipeline.projections} />
    <${Throughput} readings=${pipeline.readings} />
  `;
}

type StripProps = Pipeline & { readonly projections: readonly Projection[] };

function Strip({ readings, projections, samples }: StripProps) {
  const last = readings.at(-1);
  return html`
    <section class="strip" aria-label="The pipeline">
      <${Stage} name="Commands" href="/metrics" rate=${rateOf(readings, "commands")}
        unit="commands/s" total=${last?.commands ?? null} totalName="commands" />
      <${Stage} name="Event log" href=${hrefOf("events")} rate=${rateOf(readings, "records")}
        unit="events/s" total=${last?.records ?? null} totalName="records" />
      <div class="fan">
        ${projections.map(
          (one) =>
            html`<${ProjectionStage} key=${one.name} projection=${one} samples=${samples} />`,
        )}
      </div>
    </section>
  `;
}

interface StageProps {
  readonly name: string;
  readonly href: string;
  readonly rate: number | null;
  readonly unit: string;
  readonly total: number | null;
  readonly totalName: string;
}

function Stage({ name, href, rate, unit, total, totalName }: StageProps) {
  return html`
    <article class="stage">
      <h2><a href=${href}>${name}</a></h2>
      <p class="big" data-figure=${totalName}>
        <span>${rate === null ? "–" : rateText(rate)}</span> ${unit}
      </p>
      ${
        total === null
          ? html`<p>counted by another process</p>`
          : html`<p><${Count} value=${total} href=${href} /> ${totalName}</p>`
      }
    </article>
  `;
}

function ProjectionStage({
  projection,
  samples,
}: {
  projection: Projection;
  samples: readonly Sample[];
}) {
  const { name } = projection;
  const live = liveOf(projection);
  const href = hrefOf("projections", null, { name });
  const labels = { projection: name };
  const lag = sumOf(samples, "projection_lag_seconds", labels);
  const parked = sumOf(samples, "projection_parked_streams", labels);
  if (live === null) {
    return html`
      <article class="stage">
        <h2><a href=${href}>${name}</a></h2>
        <p>no generation is live yet</p>
      </article>
    `;
  }
  const underWay = projection.generations.filter(isUnderWay);
  return html`
    <article class="stage" data-projection=${name}>
      <h2><a href=${href}>${name}</a></h2>
      <dl>
        <dt>generation</dt><dd><${Count} value=${live.generation} href=${href} /></dd>
        <dt>gap</dt>
        <dd class=${live.gapEvents ? "behind" : ""}>
          <${Count} value=${live.gapEvents} href=${href} /> events
        </dd>
        <dt>lag</dt><dd>${lag === null ? "–" : secondsText(lag)}</dd>
        <dt>parked</dt>
        <dd class=${parked ? "bad" : ""}><${Count} value=${parked} href="/metrics" /></dd>
        ${underWay.map(
          ({ generation, phase }) => html`<dt>${phase}</dt><dd>generation ${generation}</dd>`,
        )}
      </dl>
    </article>
  `;
}

function Throughput({ readings }: Pick<Pipeline, "readings">) {
  const rates = useMemo(() => ratesOf(readings, "records"), [readings]);
  const times = useMemo(() => rates.map(({ atMs }) => atMs / 1000), [rates]);
  const values = useMemo(() => rates.map(({ perSecond }) => perSecond), [rates]);
  return html`
    <section class="panel" aria-labelledby="throughput">
      <header><h2 id="throughput">Events a second, the last two minutes</h2></header>
      <${LineChart} label="Events appended a second" unit="events/s" times=${times} values=${values}
        windowSeconds=${120} fromZero=${true} />
    </section>
  `;
}
