import { v7 as uuid } from "uuid";
import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { topics } from "../kafka-topics/topics.ts";
import type { EventCodec } from "../platform/codec/codec.ts";
import type { Event } from "../platform/kernel/decider.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import type { Log, Reign } from "../platform/log/log.ts";
import { type LogPlace, openLogWriting } from "../platform/log/places.ts";

const COMMAND_HASH = "0".repeat(64);

/** A command as its decider takes it. */
export interface PlainCommand {
  readonly type: string;
  readonly data: unknown;
}

/** One aggregate: its decider makes the events, whoever writes them. */
export class Life {
  readonly #definition: AggregateDefinition;
  readonly #aggregateId: string;
  #state: unknown;

  constructor(definition: AggregateDefinition, aggregateId: string) {
    this.#definition = definition;
    this.#aggregateId = aggregateId;
    this.#state = definition.decider.initialState();
  }

  /** Decides the commands one after the other, at `nowMs`; a refusal is a defect of the bench. */
  events(commands: Iterable<PlainCommand>, nowMs: number): readonly Event[] {
    const { decider } = this.#definition;
    const who = { aggregateId: this.#aggregateId, actor: "bench", authority: "all" } as const;
    const context = { ...who, nowMs, facts: null, view: null };
    const events: Event[] = [];
    for (const command of commands) {
      const decision = decider.decide(this.#state, command, context);
      if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
      for (const event of decision.events) this.#state = decider.evolve(this.#state, event);
      events.push(...decision.events);
    }
    return events;
  }
}

/**
 * Writes events into a log as the owners of all partitions of a topic would have, with no process
 * beside: much faster than by commands.
 */
export class LifeWriter {
  readonly #topic: string;
  readonly #parts: { readonly log: Log; readonly codec: EventCodec };
  readonly #reigns: readonly Reign[];
  readonly #ends: number[];
  readonly #sequences = new Map<string, number>();

  private constructor(topic: string, parts: { log: Log; codec: EventCodec }, reigns: Reign[]) {
    this.#topic = topic;
    this.#parts = parts;
    this.#reigns = reigns;
    this.#ends = reigns.map(({ epoch }) => epoch + 1);
  }

  static async claim(topic: string, parts: { log: Log; codec: EventCodec }): Promise<LifeWriter> {
    const { log, codec } = parts;
    const reigns: Reign[] = [];
    for (let partition = 0; partition < partitionsOf(topic); partition += 1) {
      const claim = codec.encodeClaim(topic, "bench", Date.now());
      reigns.push(await log.claim({ topic, partition }, claim));
    }
    return new LifeWriter(topic, parts, reigns);
  }

  async append(aggregateId: string, events: readonly Event[]): Promise<void> {
    const { log, codec } = this.#parts;
    const partition = partitionOf(aggregateId, this.#reigns.length);
    const [reign, end] = [this.#reigns[partition] as Reign, this.#ends[partition] as number];
    const before = this.#sequences.get(aggregateId) ?? 0;
    const records = events.map((event, index) => {
      const commandId = uuid();
      const ids = { eventId: uuid(), commandId, correlationId: commandId, causationId: null };
      const place = { sequence: before + index + 1, epoch: reign.epoch, causationPosition: null };
      const command = { commandIndex: 0, commandEvents: 1, commandHash: COMMAND_HASH };
      const who = { aggregateId, actor: "bench", traceparent: null };
      return codec.encode(this.#topic, event, { ...ids, ...place, ...command, ...who });
    });
    const result = await log.append(reign, end, records);
    if (result.outcome !== "appended") throw new Error(`not appended: ${result.outcome}`);
    this.#ends[partition] = end + records.length;
    this.#sequences.set(aggregateId, before + events.length);
  }
}

export function partitionsOf(topic: string): number {
  return topics.find((one) => one.topic === topic)?.partitions ?? 0;
}

/** A log that nobody else may write, or have open where it is embedded. */
export function openLogAlone(place: LogPlace) {
  return openLogWriting(place, topics);
}
