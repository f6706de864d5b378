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
  /** The view has every event before this position. */
  #viewThrough = 0;
  /** An aggregate from a snapshot may have events from before this position that are read again. */
  #restoredThrough = 0;

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

  /** Every aggregate by its id; those that begin meanwhile come, too. */
  streams(): MapIterator<readonly [string, Readonly<Stream>]> {
    return this.#streams.entries();
  }

  versionOf(aggregateId: string): number {
    return this.#streams.get(aggregateId)?.version ?? 0;
  }

  stateOf(aggregateId: string): unknown {
    return this.#streams.get(aggregateId)?.state ?? this.aggregate.decider.initialState();
  }

  /** Takes an aggregate from a snapshot of which nothing is younger than `through`. */
  restore(aggregateId: string, stream: Stream, through: number): void {
    this.#streams.set(aggregateId, stream);
    this.#restoredThrough = Math.max(this.#restoredThrough, through);
  }

  /** Takes the view from a snapshot, with every event before `through` in it. */
  restoreView(view: unknown, through: number): void {
    this.#view = view;
    this.#viewThrough = through;
  }

  /** Folds an event just decided; the caller has made its sequence the next one. */
  evolve(aggregateId: string, event: Event): void {
    this.#evolveStream(aggregateId, event);
    this.#evolveView(aggregateId, event);
  }

  /** Folds an event read from the log; a hole in its stream's sequence stops the owner. */
  fold(recorded: RecordedEvent): void {
    const { aggregateId, sequence, position, event } = recorded;
    const expected = this.versionOf(aggregateId) + 1;
    const isReadAgain = position < this.#restoredThrough && sequence < expected;
    if (!isReadAgain && sequence !== expected) throw new SequenceHole(recorded, expected);
    if (!isReadAgain) this.#evolveStream(aggregateId, event);
    if (position >= this.#viewThrough) this.#evolveView(aggregateId, event);
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

  #evolveStream(aggregateId: string, event: Event): void {
    const stream = this.#streams.get(aggregateId) ?? this.#begin(aggregateId);
    stream.state = this.aggregate.decider.evolve(stream.state, event);
    stream.version += 1;
  }

  #evolveView(aggregateId: string, event: Event): void {
    const { view } = this.aggregate;
    if (view !== undefined) this.#view = view.evolve(this.#view, aggregateId, event);
  }

  #begin(aggregateId: string): Stream {
    const stream = { state: this.aggregate.decider.initialState(), version: 0 };
    this.#streams.set(aggregateId, stream);
    return stream;
  }
}

export class SequenceHole extends Error {
  constructor(recorded: RecordedEvent, expected: number) {
    super(
      `${recorded.topic}/${recorded.partition} at ${recorded.position}: ${recorded.aggregateId} ` +
        `has sequence ${recorded.sequence} where ${expected} must follow; run "log verify"`,
    );
  }
}
