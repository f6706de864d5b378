import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { type PartitionKey, type Positions, parsePartitionKey } from "../../platform/log/log.ts";
import { NoLongerOpen } from "../../projections/runner/generation-snapshot.ts";
import type { GenerationReader, OpenGeneration, Snapshot } from "./generation-reader.ts";

/**
 * How long answers are held for a promoted generation to pass what was already answered; past that
 * the one before goes on answering, and nobody is held again for so long that all query processes
 * have changed two seconds after they can.
 */
const HAND_OVER = { holdMs: 3_000, restMs: 2_000 };
/** How long a query is asked anew whose generation was dropped before it had answered. */
const DROPPED_MILLISECONDS = 10_000;
/** How often checkpoints are looked at while somebody waits for them. */
const CHECKPOINT_POLL_MILLISECONDS = 25;
const WAITERS = 10_000;

/** An answer with the generation it came from. */
export interface Answered<T> extends Snapshot<T> {
  readonly generation: number;
}

interface Opened<Reader> {
  readonly generation: number;
  readonly reader: GenerationReader<Reader>;
}

/**
 * One read model for this process's queries: it follows promotions, and never answers from an
 * older position than it has answered from before.
 */
export class ReadModel<Reader, Name extends string = string> {
  readonly name: Name;
  readonly #topics: ReadonlySet<string>;
  readonly #open: OpenGeneration<Reader>;
  readonly #timing: typeof HAND_OVER;
  /** Until then nobody is held again. */
  #restsUntilMs = 0;
  #current: Opened<Reader> | null = null;
  #promoted: number | null = null;
  #handingOver: Promise<void> | null = null;
  /** Generations before, until their last queries are answered. */
  #closing: Promise<unknown> = Promise.resolve();
  #answered = new Map<PartitionKey, number>();
  #waiters = 0;
  #look: Promise<Positions> | null = null;

  /** `topics`: those of its projection. */
  constructor(
    name: Name,
    topics: readonly string[],
    open: OpenGeneration<Reader>,
    timing: Partial<typeof HAND_OVER> = {},
  ) {
    this.name = name;
    this.#topics = new Set(topics);
    this.#open = open;
    this.#timing = { ...HAND_OVER, ...timing };
  }

  /** True for every partition of its topics, also where no projector has taken it yet. */
  covers(partition: PartitionKey): boolean {
    return this.#topics.has(parsePartitionKey(partition).topic);
  }

  /** Readers use this generation as soon as it has passed what they have seen. */
  promote(generation: number): void {
    this.#promoted = generation;
    this.#restsUntilMs = 0;
  }

  get generation(): number | null {
    return this.#current?.generation ?? null;
  }

  /** Opens what was promoted, if anything can be read yet. */
  async isReadable(): Promise<boolean> {
    await this.#handOver();
    return this.#current !== null;
  }

  /** The query may be asked several times. */
  read<T>(query: (reader: Reader) => Promise<T>): Promise<Answered<T>> {
    return this.#ask(async ({ reader, generation }) => {
      const snapshot = await reader.read(query);
      raise(this.#answered, snapshot.positions);
      return { ...snapshot, generation };
    });
  }

  /**
   * Waits until the read model has passed `wanted`, at most `timeoutMs`. False when it has not.
   * Partitions it does not cover are ignored; the caller names them.
   */
  async hasPassed(wanted: Positions, timeoutMs: number): Promise<boolean> {
    if (this.#waiters >= WAITERS) {
      throw new PlatformError("OVERLOADED", `${WAITERS} queries wait for ${this.name}`);
    }
    this.#waiters += 1;
    try {
      const deadline = performance.now() + timeoutMs;
      const covered = new Map([...wanted].filter(([partition]) => this.covers(partition)));
      let look = this.positions();
      for (;;) {
        const positions = await look;
        if (isPast(positions, covered)) {
          // What was promised is as good as answered: a hand-over before the read must not undo it.
          raise(this.#answered, positions);
          return true;
        }
        if (performance.now() >= deadline) return false;
        look = this.#nextLook();
      }
    } finally {
      this.#waiters -= 1;
    }
  }

  /** However many wait, the checkpoints are looked at once per interval. */
  #nextLook(): Promise<Positions> {
    this.#look ??= sleep(CHECKPOINT_POLL_MILLISECONDS).then(() => {
      this.#look = null;
      return this.positions();
    });
    return this.#look;
  }

  positions(): Promise<Positions> {
    return this.#ask(({ reader }) => reader.positions());
  }

  async close(): Promise<void> {
    await this.#handingOver;
    await this.#closing;
    await this.#current?.reader.close();
  }

  /** Asks the generation that is open, and the one after it where that is dropped meanwhile. */
  async #ask<T>(ask: (opened: Opened<Reader>) => Promise<T>): Promise<T> {
    let deadlineMs: number | null = null;
    for (;;) {
      await this.#handOver();
      if (this.#current === null) throw this.#notReady();
      try {
        return await ask(this.#current);
      } catch (error) {
        if (!(error instanceof NoLongerOpen)) throw error;
        deadlineMs ??= performance.now() + DROPPED_MILLISECONDS;
        if (performance.now() >= deadlineMs) throw error;
        this.#restsUntilMs = 0;
        await sleep(CHECKPOINT_POLL_MILLISECONDS);
      }
    }
  }

  #handOver(): Promise<void> {
    if (this.#promoted === null || this.#promoted === this.#current?.generation) {
      return Promise.resolve();
    }
    const rests = this.#handingOver === null && performance.now() < this.#restsUntilMs;
    if (rests) return Promise.resolve();
    this.#handingOver ??= this.#openPromoted(this.#promoted).finally(() => {
      this.#handingOver = null;
    });
    return this.#handingOver;
  }

  async #openPromoted(generation: number): Promise<void> {
    const reader = await this.#open(generation);
    if (reader === null) return;
    const before = this.#current;
    try {
      // Queries under way read at most at these positions, and have not answered yet.
      if (before !== null) raise(this.#answered, await positionsLeft(before.reader));
      if (!(await this.#passesAnswered(reader))) return await this.#putOff(reader);
    } catch (error) {
      await reader.close();
      throw error;
    }
    this.#current = { generation, reader };
    // Who asks the new generation need not wait for the last answers of the old one.
    const closed = before?.reader.close();
    if (closed) this.#closing = Promise.all([this.#closing, closed]);
  }

  /** The old generation goes on answering. */
  #putOff(reader: GenerationReader<Reader>): Promise<void> {
    this.#restsUntilMs = performance.now() + this.#timing.restMs;
    return reader.close();
  }

  async #passesAnswered(reader: GenerationReader<Reader>): Promise<boolean> {
    const deadline = performance.now() + this.#timing.holdMs;
    while (!isPast(await reader.positions(), this.#answered)) {
      if (performance.now() >= deadline) return false;
      await sleep(CHECKPOINT_POLL_MILLISECONDS);
    }
    return true;
  }

  #notReady(): PlatformError {
    const detail = `the read model ${this.name} is not there yet; is a projector running?`;
    return new PlatformError("NOT_READY", detail, { facts: { projection: this.name } });
  }
}

/** None where it is gone: who asked for nothing until it was retired has no query under way. */
async function positionsLeft(
  reader: Pick<GenerationReader<never>, "positions">,
): Promise<Positions> {
  try {
    return await reader.positions();
  } catch (error) {
    if (error instanceof NoLongerOpen) return new Map();
    throw error;
  }
}

/** A partition that no projector has taken yet is at its beginning. */
function isPast(positions: Positions, wanted: Positions): boolean {
  return [...wanted].every(([partition, position]) => (positions.get(partition) ?? 0) >= position);
}

function raise(highest: Map<PartitionKey, number>, positions: Positions): void {
  for (const [key, position] of positions) {
    if (position > (highest.get(key) ?? 0)) highest.set(key, position);
  }
}
