import type { QuarantineEvent } from "./events.ts";

/** Rises when the state or `evolve` change. */
export const STATE_VERSION = 1;

/** Nothing that is set aside decides anything; only its count is kept. */
export interface QuarantineState {
  readonly ticks: number;
}

export function initialState(): QuarantineState {
  return { ticks: 0 };
}

export function evolve({ ticks }: QuarantineState, { data }: QuarantineEvent): QuarantineState {
  return { ticks: ticks + data.ticks.length };
}
