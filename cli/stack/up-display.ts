import { MultiBar, type SingleBar } from "cli-progress";
import type { Step } from "../../deploy/local/bring-up.ts";
import type { Output } from "../output.ts";
import { LINE_INTERVAL_MS } from "../progress.ts";

const NAME_COLUMNS = 10;
const STEP_COLUMNS = 10;

/** How far each server is: one line each that is written over on a terminal, else lines. */
export interface UpDisplay {
  update(name: string, step: Step, detail: string): void;
  stop(): void;
}

export function upDisplay(output: Output): UpDisplay {
  return output.animated ? rows(output) : lines(output);
}

function rows(output: Output): UpDisplay {
  const multi = new MultiBar({
    format: "{text}",
    stream: output.messages as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: false,
    emptyOnZero: true,
  });
  const byName = new Map<string, SingleBar>();
  return {
    update: (name, step, detail) => {
      const text = rowText(name, step, detail);
      const row = byName.get(name) ?? multi.create(1, 0, { text });
      byName.set(name, row);
      row.update(0, { text });
    },
    stop: () => multi.stop(),
  };
}

/** A line for every step, and now and then one for how far a long step is. */
function lines(output: Output): UpDisplay {
  const told = new Map<string, { readonly step: Step; readonly atMs: number }>();
  return {
    update: (name, step, detail) => {
      const last = told.get(name);
      const atMs = performance.now();
      if (step === "waiting") return;
      if (last?.step === step && atMs - last.atMs < LINE_INTERVAL_MS) return;
      told.set(name, { step, atMs });
      output.message(rowText(name, step, detail));
    },
    stop: () => undefined,
  };
}

function rowText(name: string, step: Step, detail: string): string {
  return `${name.padEnd(NAME_COLUMNS)}  ${step.padEnd(STEP_COLUMNS)}  ${detail}`.trimEnd();
}
