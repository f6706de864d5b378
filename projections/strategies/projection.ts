import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { StrategiesEvent } from "../../schemas/generated/strategies.ts";
import type { Change, Projection } from "../runner/projection.ts";
import { tables } from "./store.ts";

/** Strategies with their documents, versions, life and visibility. */
export const strategies: Projection<StrategiesEvent> = {
  name: "strategies",
  version: 3,
  // An index of words came, which is no row; and rows know where they began.
  changes: { since: 1, differs: [] },
  topics: ["strategies.events"],
  tables,
  project(recorded) {
    const { aggregateId: strategyId, sequence, event } = recorded;
    const row = { strategyId, sequence, changedAtMs: event.occurredAtMs };
    return [...changesOf(recorded), { table: "changes", row }];
  },
};

function changesOf({ aggregateId: strategyId, event }: RecordedEvent<StrategiesEvent>): Change[] {
  const createdAtMs = event.occurredAtMs;
  switch (event.type) {
    case "StrategyCreated":
    case "StrategyForked": {
      const forkedFrom = event.type === "StrategyForked" ? event.data.forkedFrom : null;
      return [
        { table: "origins", row: { strategyId, forkedFrom, createdAtMs } },
        status(strategyId, "draft"),
        { table: "visibilities", row: { strategyId, visibility: "private" } },
        ...documentChanges(strategyId, event.data, createdAtMs),
      ];
    }
    case "StrategyRevised":
      return documentChanges(strategyId, event.data, createdAtMs);
    case "StrategyActivated":
      return [status(strategyId, "active")];
    case "StrategyPaused":
      return [status(strategyId, "paused")];
    case "StrategyArchived":
      return [status(strategyId, "archived")];
    case "StrategyPublished": {
      const { visibility } = event.data;
      return [{ table: "visibilities", row: { strategyId, visibility } }];
    }
  }
}

function status(strategyId: string, now: string): Change {
  return { table: "statuses", row: { strategyId, status: now } };
}

interface Version {
  readonly owner: string;
  readonly version: number;
  readonly document: string;
}

function documentChanges(
  strategyId: string,
  { owner, version, document }: Version,
  createdAtMs: number,
): Change[] {
  const searchText = searchTextOf(document);
  return [
    { table: "strategies", row: { strategyId, owner, version, document, searchText } },
    { table: "versions", row: { strategyId, version, document, createdAtMs } },
  ];
}

interface Searched {
  readonly name: string;
  readonly type: string;
  readonly tags?: readonly string[];
  readonly instruments?: readonly string[];
  readonly rules: readonly { readonly indicator: string }[];
}

function searchTextOf(document: string): string {
  const { name, type, tags = [], instruments = [], rules } = JSON.parse(document) as Searched;
  const indicators = rules.map(({ indicator }) => indicator);
  return [name, type, ...tags, ...instruments, ...indicators].join("\n");
}
