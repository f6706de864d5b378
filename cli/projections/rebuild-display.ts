import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { Output } from "../output.ts";
import { duration, LINE_INTERVAL_MS } from "../progress.ts";
import type { Generation } from "./generations.ts";

const RATE_WINDOW_MS = 5_000;
const JSON_INTERVAL_MS = 1_000;

/** What is seen of a rebuild. */
interface Seen {
  readonly name: string;
  readonly current: Generation;
  /** What keeps it from going faster; empty: nothing. */
  readonly note: string;
}

/**
 * Events, rate, gap and time left of every partition while it is built, and rows while it is
 * compared: bars on a terminal, lines elsewhere, objects where data is JSON.
 */
export interface RebuildDisplay {
  update(seen: Seen): void;
  /** Above what moves. */
  message(text: string): void;
  stop(): void;
}

interface PartitionFigures {
  readonly partition: string;
  readonly events: number;
  readonly gap: number;
  readonly eventsPerSecond: number;
}

export function rebuildDisplay(output: Output): RebuildDisplay {
  if (output.json) return objects(output);
  return output.animated ? bars(output) : lines(output);
}

function bars(output: Output): RebuildDisplay {
  const [rates, phases] = [new Rates(), phaseTexts()];
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
  const message = (text: string) => {
    if (byPartition.size > 0) multi.log(`${text}\n`);
    else output.message(text);
  };
  return {
    update: (seen) => {
      for (const text of phases(seen)) message(text);
      if (seen.current.phase !== "building") return;
      for (const figures of rates.figures(seen.current, performance.now())) {
        const { partition, events, gap } = figures;
        const shown = payload(figures, seen.note);
        const bar = byPartition.get(partition) ?? multi.create(events + gap, 0, shown);
        byPartition.set(partition, bar);
        bar.setTotal(events + gap);
        bar.update(events, shown);
      }
    },
    message,
    stop: () => multi.stop(),
  };
}

function payload(figures: PartitionFigures, note: string) {
  const { partition, gap, eventsPerSecond } = figures;
  const [rate, remaining] = [Math.round(eventsPerSecond), remainingOf(figures)];
  return { partition, gap, rate, remaining, note };
}

function lines(output: Output): RebuildDisplay {
  const [rates, phases] = [new Rates(), phaseTexts()];
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return {
    update: (seen) => {
      const figures = rates.figures(seen.current, performance.now());
      for (const text of phases(seen)) output.message(text);
      const isBuilding = seen.current.phase === "building";
      if (!isBuilding || performance.now() - writtenAtMs < LINE_INTERVAL_MS) return;
      writtenAtMs = performance.now();
      for (const one of figures) output.message(lineOf(one));
      if (seen.note !== "") output.message(seen.note);
    },
    message: (text) => output.message(text),
    stop: () => undefined,
  };
}

function lineOf(figures: PartitionFigures): string {
  const { partition, events, gap, eventsPerSecond } = figures;
  const [rate, remaining] = [Math.round(eventsPerSecond), remainingOf(figures)];
  return `${partition}  ${events} events  ${rate}/s  gap ${gap}  ETA ${remaining}`;
}

/** One object a second for each partition; one whenever the phase or the comparison moves. */
function objects(output: Output): RebuildDisplay {
  const [rates, news] = [new Rates(), newsOf(comparedSoFar)];
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return {
    update: (seen) => {
      const { name, current, note } = seen;
      const { generation, phase } = current;
      const of = { type: "progress", name, generation, phase };
      const figures = rates.figures(current, performance.now());
      const compared = news(current);
      if (compared !== null) output.value({ ...of, ...compared });
      const isDue = performance.now() - writtenAtMs >= JSON_INTERVAL_MS;
      if (phase !== "building" || !isDue) return;
      writtenAtMs = performance.now();
      for (const { partition, events, gap: gapEvents, eventsPerSecond } of figures) {
        const remainingSeconds = secondsLeft(gapEvents, eventsPerSecond);
        const progress = { partition, events, gapEvents, eventsPerSecond, remainingSeconds };
        output.value({ ...of, ...progress, note });
      }
    },
    message: (text) => output.message(text),
    stop: () => undefined,
  };
}

function comparedSoFar({ phase, comparison }: Generation) {
  if (phase !== "verifying") return null;
  return { table: comparison?.table ?? null, rows: comparison?.rows ?? 0 };
}

/** What is to be told whenever the phase or the comparison moves. */
function phaseTexts(): (seen: Seen) => readonly string[] {
  const news = newsOf(phaseText);
  return ({ current }) => [news(current)].filter((text) => text !== null);
}

function phaseText({ generation, phase, comparison }: Generation): string | null {
  if (phase !== "verifying") return null;
  if (comparison !== null) return `compared: ${comparison.rows} rows, now ${comparison.table}`;
  return `Generation ${generation} has caught up: it is compared with the live one, row by row.`;
}

/** Gives what is made of a generation when that is another thing than before, else null. */
function newsOf<T>(make: (current: Generation) => T | null): (current: Generation) => T | null {
  let before = "null";
  return (current) => {
    const made = make(current);
    const [text, last] = [JSON.stringify(made), before];
    before = text;
    return text === last ? null : made;
  };
}

function remainingOf({ gap, eventsPerSecond }: PartitionFigures): string {
  const seconds = secondsLeft(gap, eventsPerSecond);
  return seconds === null ? "?" : duration(seconds);
}

/** `null`: it does not move, so nobody knows. */
function secondsLeft(gap: number, eventsPerSecond: number): number | null {
  if (gap === 0) return 0;
  return eventsPerSecond > 0 ? gap / eventsPerSecond : null;
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
