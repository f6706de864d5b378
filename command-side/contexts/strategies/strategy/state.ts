import type { StrategyEvent } from "./events.ts";

export const STATE_VERSION = 1;

type StrategyStatus = "draft" | "active" | "paused" | "archived";

/** null: not created. */
export type StrategyState = ExistingStrategy | null;

export interface ExistingStrategy {
  readonly owner: string;
  readonly status: StrategyStatus;
  readonly visibility: string;
  /** Of the document: 1 for the first. */
  readonly version: number;
  readonly document: string;
}

export function initialState(): StrategyState {
  return null;
}

export function evolve(state: StrategyState, event: StrategyEvent): StrategyState {
  if (event.type === "StrategyCreated" || event.type === "StrategyForked") {
    const { owner, version, document } = event.data;
    return { owner, version, document, status: "draft", visibility: "private" };
  }
  if (state === null) throw new RangeError(`${event.type} before the strategy was created`);
  switch (event.type) {
    case "StrategyRevised":
      return { ...state, version: event.data.version, document: event.data.document };
    case "StrategyActivated":
      return { ...state, status: "active" };
    case "StrategyPaused":
      return { ...state, status: "paused" };
    case "StrategyArchived":
      return { ...state, status: "archived" };
    case "StrategyPublished":
      return { ...state, visibility: event.data.visibility };
  }
}
