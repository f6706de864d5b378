import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { colourOf, useColourScheme } from "./colours.ts";

const HEIGHT_PX = 200;
/** A time's text needs so much of the axis. */
const TIME_SPACE_PX = 110;

export interface LineChartProps {
  readonly label: string;
  readonly unit: string;
  /** Epoch seconds, rising. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** The chart's width in time, up to the last value; else as long as the values are. */
  readonly windowSeconds?: number;
  readonly fromZero?: boolean;
}

/** One line over time, drawn again as it goes on. */
export function LineChart(props: LineChartProps) {
  const { label, unit, times, values } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const scheme = useColourScheme();
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const drawn = new UPlot(optionsOf(props, current.clientWidth), [[], []], current);
    plot.current = drawn;
    const resized = new ResizeObserver(() => {
      drawn.setSize({ width: current.clientWidth, height: HEIGHT_PX });
    });
    resized.observe(current);
    return () => {
      resized.disconnect();
      plot.current = null;
      drawn.destroy();
    };
  }, [scheme, unit]);
  useEffect(() => plot.current?.setData([[...times], [...values]]), [times, values, scheme, unit]);
  return html`<div class="line-chart" ref=${box} role="img" aria-label=${label}></div>`;
}

function optionsOf(props: LineChartProps, width: number): UPlot.Options {
  const { unit, windowSeconds, fromZero } = props;
  const axis = { stroke: colourOf("faint"), grid: { stroke: colourOf("line"), width: 1 } };
  const accent = colourOf("accent");
  return {
    width,
    height: HEIGHT_PX,
    scales: {
      x: {
        range: (_plot, first, last) => [windowSeconds ? last - windowSeconds : first, last],
      },
      y: fromZero ? { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } : {},
    },
    series: [
      { label: "UTC", value: (_plot, seconds) => (seconds === null ? "–" : clockText(seconds, 0)) },
      {
        label: unit,
        stroke: accent,
        width: 2,
        fill: `${accent}22`,
        points: { show: false },
        value: (_plot, value) => (value === null ? "–" : value.toLocaleString("en")),
      },
    ],
    axes: [
      {
        ...axis,
        space: TIME_SPACE_PX,
        values: (_plot, ticks) => ticks.map((at) => clockText(at, spanOf(ticks))),
      },
      { ...axis, size: 72 },
    ],
  };
}

const DAY_SECONDS = 86_400;

function spanOf(ticks: readonly number[]): number {
  return (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
}

/** Of more than a day the days are told, of less the seconds; always in UTC. */
function clockText(seconds: number, spanSeconds: number): string {
  const iso = new Date(seconds * 1000).toISOString();
  return spanSeconds > DAY_SECONDS ? iso.slice(5, 16).replace("T", " ") : iso.slice(11, 19);
}
