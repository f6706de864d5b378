import { deepStrictEqual } from "node:assert";
import { expect } from "chai";
import fc from "fast-check";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import { PartitionState } from "../ownership/partition-state.ts";
import { aggregates } from "../registry.ts";
import { historiesOf, recorded } from "./histories.fixture.ts";
import { freeze, restoreChunk, StateTaker } from "./state-chunks.ts";

const FIRST = 7;
/** A chunk for each aggregate, so that they are of different moments. */
const ONE_AGGREGATE_BYTES = 1;

function folded(aggregate: AggregateDefinition, events: readonly RecordedEvent[]): PartitionState {
  const state = new PartitionState(aggregate);
  for (const event of events) state.fold(event);
  return state;
}

/** All that a state is, in plain values. */
function wholeOf(state: PartitionState): unknown {
  const { aggregate, window } = state;
  const { view } = aggregate;
  const streams = [...state.streams()].map(([id, stream]) => {
    return [id, { ...stream, state: freeze(aggregate, stream.state) }] as const;
  });
  return {
    streams: new Map(streams),
    view: view?.freezing?.freeze(state.view) ?? state.view,
    window: window.piece(0, 1_000_000),
  };
}

/** A snapshot that is written while events come in: so many of them after each chunk. */
function snapshotAt(
  aggregate: AggregateDefinition,
  events: readonly RecordedEvent[],
  { begin, between }: { readonly begin: number; readonly between: number },
): { readonly chunks: readonly Uint8Array[]; readonly through: number } {
  const state = folded(aggregate, events.slice(0, begin));
  const taker = new StateTaker(state, ONE_AGGREGATE_BYTES);
  const chunks: Uint8Array[] = [];
  for (let end = begin; ; ) {
    const chunk = taker.next(FIRST + end);
    if (chunk === null) return { chunks, through: FIRST + end };
    chunks.push(chunk);
    for (const event of events.slice(end, end + between)) state.fold(event);
    end = Math.min(events.length, end + between);
  }
}

describe("a snapshot of a partition's state", () => {
  for (const aggregate of aggregates) {
    it(`of ${aggregate.name} and what came after it are the whole fold`, () => {
      const drawn = fc.record({ begin: fc.nat(), between: fc.nat({ max: 30 }) });
      fc.assert(
        fc.property(historiesOf(aggregate), drawn, (history, { begin, between }) => {
          const events = recorded(history, { topic: aggregate.topic, first: FIRST });
          const from = begin % (events.length + 1);
          const { chunks, through } = snapshotAt(aggregate, events, { begin: from, between });
          const state = new PartitionState(aggregate);
          for (const chunk of chunks) restoreChunk(state, chunk, through);
          for (const event of events.slice(from)) state.fold(event);
          deepStrictEqual(wholeOf(state), wholeOf(folded(aggregate, events)));
        }),
        { numRuns: 60 },
      );
    });
  }

  it("does not hide a hole behind it", () => {
    const [aggregate] = aggregates as [AggregateDefinition];
    const history = fc.sample(historiesOf(aggregate), { seed: 1, numRuns: 20 });
    const events = recorded(history.find(({ length }) => length > 12) ?? [], {
      topic: aggregate.topic,
      first: FIRST,
    });
    const { chunks, through } = snapshotAt(aggregate, events, { begin: 5, between: 0 });
    const state = new PartitionState(aggregate);
    for (const chunk of chunks) restoreChunk(state, chunk, through);
    const again = { ...(events[4] as RecordedEvent), position: through };
    expect(() => state.fold(again)).to.throw("must follow");
  });
});
