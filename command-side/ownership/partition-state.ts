import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { Event } from "../../platform/kernel/decider.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import { CommandWindow } from "./command-window.ts";

/** One aggregate in memory. */
export interface Stream {
  state: unknown;
  /** The sequence of its last event; 0 while it does not exist. */
  version: number;
}

/**
 * What an owner knows of its partition: the fold of all its events. It is thrown away and folded
 * anew whenever an append did not end as decided, so it never holds what the log does not.
 */
export class PartitionState {
  readonly aggregate: AggregateDefinition;
  readonly window = new CommandWindow();
  #streams = new Map<string, Stream>();
  #view: unknown;

  constructor(aggregate: AggregateDefinition) {
    this.aggregate = aggregate;
    this.#view = aggregate.view?.initial() ?? null;
  }

  /** The fold of the whole partition; null where the aggregate has none. */
  get view(): unknown {
    return this.#view;
  }

  get aggregates(): number {
    return this.#streams.size;
  }

  versionOf(aggregateId: string): number {
    return this.#streams.get(aggregateId)?.version ?? 0;
  }

  stateOf(aggregateId: string): unknown {
    return this.#streams.get(aggregateId)?.state ?? this.aggregate.decider.initialState();
  }

  /** Folds an event just decided; the caller has made its sequence the next one. */
  evolve(aggregateId: string, event: Event): void {
    const stream = this.#streams.get(aggregateId) ?? this.#begin(aggregateId);
    stream.state = this.aggregate.decider.evolve(stream.state, event);
    stream.version += 1;
    const { view } = this.aggregate;
    if (view !== undefined) this.#view = view.evolve(this.#view, aggregateId, event);
  }

  /** Folds an event read from the log; a hole in its stream's sequence stops the owner. */
  fold(recorded: RecordedEvent): void {
    const expected = this.versionOf(recorded.aggregateId) + 1;
    if (recorded.sequence !== expected) throw new SequenceHole(recorded, expected);
    this.evolve(recorded.aggregateId, recorded.event);
    this.remember(recorded);
  }

  /** Keeps the command's id with the position of its first event. */
  remember(recorded: RecordedEvent): void {
    if (recorded.commandIndex !== 0 || this.protectsItself(recorded.event)) return;
    this.window.add(recorded.commandId, recorded.position, recorded.recordedAtMs);
  }

  /**
   * True where the first event of a command tells that its id is not remembered: ticks are found
   * again by their own keys, and would push every other command out.
   */
  protectsItself(firstEvent: Event): boolean {
    return this.aggregate.selfProtecting?.includes(firstEvent.type) ?? false;
  }

  #begin(aggregateId: string): Stream {
    const stream = { state: this.aggregate.decider.initialState(), version: 0 };
    this.#streams.set(aggregateId, stream);
    return stream;
  }
}

class SequenceHole extends Error {
  constructor(recorded: RecordedEvent, expected: number) {
    super(
      `${recorded.topic}/${recorded.partition} at ${recorded.position}: ${recorded.aggregateId} ` +
        `has sequence ${recorded.sequence} where ${expected} must follow; run "log verify"`,
    );
  }
}
