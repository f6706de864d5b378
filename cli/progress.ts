import { Presets, SingleBar } from "cli-progress";
import type { Output } from "./output.ts";

/** Where there is no terminal, a line of progress is written this often. */
export const LINE_INTERVAL_MS = 5_000;
const BAR_FRAMES_PER_SECOND = 10;
/** The rate is that of about the last so many milliseconds. */
const RATE_WINDOW_MS = 5_000;

/** Progress of long work: a bar on a terminal, else a line now and then; on standard error. */
export interface Progress {
  /** `done` of `total` in whatever unit the total has; `items` is what the rate counts. */
  update(done: number, items: number): void;
  /** A message above the bar. */
  note(text: string): void;
  stop(): void;
}

interface ProgressOptions {
  readonly label: string;
  /** What `update` counts up to: bytes, events. */
  readonly total: number;
  /** What the rate counts: `ticks`. */
  readonly unit: string;
}

export function startProgress(output: Output, options: ProgressOptions): Progress {
  return output.animated ? startBar(output, options) : startLines(output, options);
}

function startBar(output: Output, { label, total, unit }: ProgressOptions): Progress {
  const rate = rateMeter();
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}%  {items} ${unit}  {rate}/s  ETA {remaining}`,
      stream: output.messages as NodeJS.WritableStream,
      fps: BAR_FRAMES_PER_SECOND,
      hideCursor: true,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { items: 0, rate: 0, remaining: "?" });
  return {
    update: (done, items) => {
      const figures = rate.figures(done, items, total);
      bar.update(Math.min(done, total), { items, ...figures });
    },
    note: (text) => output.message(`\r\u001b[K${text}`),
    stop: () => bar.stop(),
  };
}

function startLines(output: Output, { label, total, unit }: ProgressOptions): Progress {
  const rate = rateMeter();
  let writtenAtMs = performance.now();
  return {
    update: (done, items) => {
      const figures = rate.figures(done, items, total);
      if (performance.now() - writtenAtMs < LINE_INTERVAL_MS) return;
      writtenAtMs = performance.now();
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      output.message(
        `${label} ${percent}%  ${items} ${unit}  ${figures.rate}/s  ETA ${figures.remaining}`,
      );
    },
    note: (text) => output.message(text),
    stop: () => undefined,
  };
}

interface Mark {
  readonly atMs: number;
  readonly done: number;
  readonly items: number;
}

/** The rate over the last seconds, and how long the rest takes at it. */
function rateMeter() {
  const marks: Mark[] = [{ atMs: performance.now(), done: 0, items: 0 }];
  return {
    figures: (done: number, items: number, total: number) => {
      const now = { atMs: performance.now(), done, items };
      marks.push(now);
      while (marks.length > 2 && now.atMs - (marks[1]?.atMs ?? 0) > RATE_WINDOW_MS) marks.shift();
      const first = marks[0] ?? now;
      const seconds = Math.max((now.atMs - first.atMs) / 1000, 0.001);
      const remainingSeconds = ((total - done) * seconds) / Math.max(done - first.done, 1);
      return {
        rate: Math.round((items - first.items) / seconds),
        remaining: done === first.done ? "?" : duration(remainingSeconds),
      };
    },
  };
}

/** `4s`, `2m10s`, `3h05m`: short enough for a bar. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
