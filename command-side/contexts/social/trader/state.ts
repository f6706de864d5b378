import type { TraderEvent } from "./events.ts";

/** Rises when the state, the view or their `evolve` change. */
export const STATE_VERSION = 1;

/** A trader's relations stand in the view: those of others end them, too. */
export type TraderState = "not registered" | "registered" | "left";

export function initialState(): TraderState {
  return "not registered";
}

export function evolve(state: TraderState, event: TraderEvent): TraderState {
  switch (event.type) {
    case "TraderRegistered":
      return "registered";
    case "TraderLeft":
      return "left";
    default:
      return state;
  }
}
