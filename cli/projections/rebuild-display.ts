import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { Output } from "../output.ts";
import { duration, LINE_INTERVAL_MS } from "../progress.ts";
import type { Generation } from "./generations.ts";

const RATE_WINDOW_MS = 5_000;

/** Events, rate, gap and time left of every partition: bars on a terminal, else lines. */
export interface RebuildDisplay {
  /** `note`: what keeps it from going faster; empty: nothing. */
  update(generation: Generation, note: string): void;
  stop(): void;
}

interface PartitionFigures {
  readonly partition: string;
  readonly events: number;
  readonly gap: number;
  readonly eventsPerSecond: number;
}

export function rebuildDisplay(output: Output): RebuildDisplay {
  return output.animated ? bars(output) : lines(output);
}

function bars(output: Output): RebuildDisplay {
  const rates = new Rates();
  const multi = new MultiBar(
    {
      format: "{partition} {bar} {value} events  {rate}/s  gap {gap}  ETA {remaining}  {note}",
      stream: output.messages as NodeJS.WritableStream,
      hideCursor: true,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  );
  const byPartition = new Map<string, SingleBar>();
  return {
    update: (generation, note) => {
      for (const figures of rates.figures(generation, performance.now())) {
        const { partition, events, gap } = figures;
        const shown = payload(figures, note);
        const bar = byPartition.get(partition) ?? multi.create(events + gap, 0, shown);
        byPartition.set(partition, bar);
        bar.setTotal(events + gap);
        bar.update(events, shown);
      }
    },
    stop: () => multi.stop(),
  };
}

function payload(figures: PartitionFigures, note: string) {
  const { partition, gap, eventsPerSecond } = figures;
  const [rate, remaining] = [Math.round(eventsPerSecond), remainingOf(figures)];
  return { partition, gap, rate, remaining, note };
}

function lines(output: Output): RebuildDisplay {
  const rates = new Rates();
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return {
    update: (generation, note) => {
      const figures = rates.figures(generation, performance.now());
      if (performance.now() - writtenAtMs < LINE_INTERVAL_MS) return;
      writtenAtMs = performance.now();
      for (const one of figures) {
        const { partition, events, gap } = one;
        const rate = Math.round(one.eventsPerSecond);
        output.message(
          `${partition}  ${events} events  ${rate}/s  gap ${gap}  ETA ${remainingOf(one)}`,
        );
      }
      if (note !== "") output.message(note);
    },
    stop: () => undefined,
  };
}

function remainingOf({ gap, eventsPerSecond }: PartitionFigures): string {
  if (gap === 0) return "0s";
  return eventsPerSecond === 0 ? "?" : duration(gap / eventsPerSecond);
}

/** Rates of the last seconds, from positions seen at times. */
class Rates {
  readonly #seen: { readonly atMs: number; readonly position: Readonly<Record<string, number>> }[] =
    [];

  figures({ position, gapEventsByPartition }: Generation, atMs: number): PartitionFigures[] {
    if (position === null) return [];
    this.#seen.push({ atMs, position });
    while (this.#seen.length > 2 && atMs - (this.#seen[1]?.atMs ?? 0) > RATE_WINDOW_MS) {
      this.#seen.shift();
    }
    const first = this.#seen[0] ?? { atMs, position };
    const seconds = Math.max((atMs - first.atMs) / 1000, 0.001);
    return Object.entries(position).map(([partition, events]) => {
      const eventsPerSecond = (events - (first.position[partition] ?? events)) / seconds;
      return { partition, events, gap: gapEventsByPartition?.[partition] ?? 0, eventsPerSecond };
    });
  }
}
