import { html } from "htm/preact";
import { type Generation, isUnderWay, type Projection } from "../api/projections.ts";
import { type PipelineReading, positionRateOf } from "../state/pipeline.ts";
import { Badge } from "./figure.ts";
import { countText, rateText, secondsText } from "./format.ts";

interface BuildsProps {
  readonly projection: Projection;
  readonly readings: readonly PipelineReading[];
}

/** How far the generations are that are on their way to being live. */
export function Builds({ projection: { name, generations }, readings }: BuildsProps) {
  return generations.filter(isUnderWay).map((one) => {
    return html`<${Build} key=${one.generation} name=${name} one=${one} readings=${readings} />`;
  });
}

function Build({
  name,
  one,
  readings,
}: {
  name: string;
  one: Generation;
  readings: readonly PipelineReading[];
}) {
  const { generation, phase, comparison } = one;
  const partitions = Object.keys(one.position ?? {});
  return html`
    <div class="build" role="group" aria-label=${`Generation ${generation} of ${name}`}>
      <p><${Badge} word=${phase} tone="warning" /> generation ${generation}
        ${
          comparison !== null &&
          ` compared with generation ${comparison.against}: ${countText(comparison.rows)} rows, ` +
            `now ${comparison.table}`
        }
      </p>
      <${Line} of="all partitions" ...${wayOf(one, null)}
        rate=${positionRateOf(readings, { name, generation }, null)} />
      ${
        phase === "building" &&
        partitions.map(
          (partition) => html`<${Line} key=${partition} of=${partition}
            ...${wayOf(one, partition)}
            rate=${positionRateOf(readings, { name, generation }, partition)} />`,
        )
      }
    </div>
  `;
}

interface Way {
  readonly done: number;
  readonly gap: number;
}

function wayOf({ position, gapEvents, gapEventsByPartition }: Generation, of: string | null): Way {
  if (of !== null) return { done: position?.[of] ?? 0, gap: gapEventsByPartition?.[of] ?? 0 };
  const done = Object.values(position ?? {}).reduce((sum, next) => sum + next, 0);
  return { done, gap: gapEvents ?? 0 };
}

function Line({ of, done, gap, rate }: Way & { of: string; rate: number | null }) {
  const left = rate === null || rate === 0 || gap === 0 ? null : gap / rate;
  return html`
    <p class="way">
      <label>${of} <progress value=${done} max=${Math.max(1, done + gap)}></progress></label>
      <span>${countText(done)} of ${countText(done + gap)} events</span>
      <span>gap ${countText(gap)}</span>
      ${rate !== null && html`<span>${rateText(rate)} events/s</span>`}
      ${left !== null && html`<span>${secondsText(left)} left</span>`}
    </p>
  `;
}
