import { isDeepStrictEqual } from "node:util";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import {
  type PartitionKey,
  type Positions,
  parsePartitionKey,
  partitionKey,
} from "../../platform/log/log.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { removeGenerationFiles } from "../../projections/runner/generation-files.ts";
import type { ParkingOrders } from "../../projections/runner/parking.ts";
import type { GenerationReader, OpenGeneration, Snapshot } from "../reading/generation-reader.ts";
import type { PastBuilder } from "./builder.ts";
import type { BuildTask } from "./messages.ts";

/** Generations that are kept for the next who asks about the same moment. */
const KEPT = 16;
/** One that nobody has asked for so long is dropped. */
const IDLE_MS = 10 * 60_000;
const LOOK_INTERVAL_MS = 30_000;

export interface PastGenerationsParts {
  readonly builder: Pick<PastBuilder, "build">;
  readonly folder: string;
  /** By the read model's name, how to open what was built in the folder. */
  readonly readers: Readonly<Record<string, OpenGeneration<unknown>>>;
  /** Of a projection: the events that every generation leaves out by now. */
  readonly leftOutOf: (name: string) => ParkingOrders["discarded"];
  /** One that rests on more records is refused. */
  readonly recordsLimit: number;
}

/** A throw-away generation: one read model, fed up to `ends` and no further. */
export interface PastGeneration {
  readonly name: string;
  readonly generation: number;
  readonly ends: Positions;
  readonly discarded: BuildTask["discarded"];
  /** Of the log's records up to `ends`. */
  readonly records: number;
  /** How many of them stand in it so far. */
  applied: number;
  readonly ready: Promise<Opened>;
  opened: Opened | null;
  /** Who reads it, or goes on from it; it is not dropped meanwhile. */
  users: number;
  usedAtMs: number;
}

/** Built, and never changing again. */
interface Opened {
  readonly reader: GenerationReader<unknown>;
  readonly causes: Snapshot<unknown>["causes"];
}

/** Builds and keeps throw-away generations. */
export class PastGenerations {
  readonly #parts: PastGenerationsParts;
  readonly #kept = new Map<string, PastGeneration>();
  readonly #timer: NodeJS.Timeout;
  #last = 0;

  constructor(parts: PastGenerationsParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#dropIdle(), LOOK_INTERVAL_MS).unref();
  }

  /**
   * The one of the cut, which is begun where it is not there; whoever has it gives it back. With a
   * stream it has at least the rows of that.
   */
  take(name: string, cut: Positions, stream: string | null): PastGeneration {
    const ends = endsOf(name, cut, stream);
    const discarded = this.#parts.leftOutOf(name);
    const key = `${name} ${JSON.stringify([[...ends], [...discarded]])}`;
    const taken = this.#kept.get(key) ?? this.#begin(name, key, { ends, discarded });
    taken.users += 1;
    return taken;
  }

  giveBack(generation: PastGeneration): void {
    generation.users -= 1;
    generation.usedAtMs = performance.now();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#kept.values()].map((one) => one.opened?.reader.close()));
  }

  #begin(name: string, key: string, what: Pick<BuildTask, "ends" | "discarded">): PastGeneration {
    const { ends } = what;
    const records = [...ends.values()].reduce((sum, end) => sum + end, 0);
    if (records > this.#parts.recordsLimit) throw beyondLimit(name, records, this.#parts);
    this.#makeRoom();
    this.#last += 1;
    const from = this.#nearestBefore(name, what);
    if (from !== null) from.users += 1;
    const made: PastGeneration = {
      ...{ name, generation: this.#last, ...what, records, applied: 0, opened: null },
      ...{ users: 0, usedAtMs: performance.now() },
      ready: this.#build(name, { generation: this.#last, ...what, from }, (applied) => {
        made.applied = applied;
      }),
    };
    this.#kept.set(key, made);
    made.ready.then(
      (opened) => {
        made.opened = opened;
      },
      () => this.#drop(key, made),
    );
    return made;
  }

  async #build(
    name: string,
    parts: {
      readonly generation: number;
      readonly ends: Positions;
      readonly discarded: BuildTask["discarded"];
      readonly from: PastGeneration | null;
    },
    onRecords: (applied: number) => void,
  ): Promise<Opened> {
    const { generation, ends, discarded, from } = parts;
    const { builder, readers } = this.#parts;
    const goingOnFrom = from?.generation ?? null;
    try {
      const task = { projection: name, generation, ends, discarded, goingOnFrom };
      await builder.build(task, onRecords);
    } finally {
      if (from !== null) this.giveBack(from);
    }
    const reader = await readers[name]?.(generation);
    if (!reader) throw new Error(`${name}, built for the past, cannot be read`);
    const { causes } = await reader.read(async () => null);
    return { reader, causes };
  }

  /**
   * Of those that are built, behind `ends` in no partition and with the same events left out, the
   * one that is furthest.
   */
  #nearestBefore(
    name: string,
    { ends, discarded }: Pick<BuildTask, "ends" | "discarded">,
  ): PastGeneration | null {
    const before = [...this.#kept.values()].filter((one) => {
      const isBuilt = one.name === name && one.opened !== null;
      return isBuilt && isDeepStrictEqual(one.discarded, discarded) && isWithin(one.ends, ends);
    });
    return before.toSorted((a, b) => b.records - a.records)[0] ?? null;
  }

  #makeRoom(): void {
    if (this.#kept.size < KEPT) return;
    const [oldest] = [...this.#kept]
      .filter(([, { users, opened }]) => users === 0 && opened !== null)
      .toSorted(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    if (oldest === undefined) {
      const detail = `${KEPT} read models of the past are being asked at once`;
      throw new PlatformError("OVERLOADED", detail);
    }
    this.#drop(...oldest);
  }

  #dropIdle(): void {
    const beforeMs = performance.now() - IDLE_MS;
    for (const [key, one] of this.#kept) {
      const isIdle = one.users === 0 && one.opened !== null && one.usedAtMs < beforeMs;
      if (isIdle) this.#drop(key, one);
    }
  }

  #drop(key: string, { name, generation, opened }: PastGeneration): void {
    this.#kept.delete(key);
    const { folder } = this.#parts;
    const closed = opened?.reader.close() ?? Promise.resolve();
    void closed.then(() => removeGenerationFiles(folder, name, generation));
  }
}

/** Where the topics of the projection end in the cut; of a stream, its partitions alone. */
function endsOf(name: string, cut: Positions, stream: string | null): Positions {
  const { topics } = registeredProjection(name).projection;
  const ends = topics.flatMap((topic) => {
    const ofTopic = [...cut].filter(([key]) => parsePartitionKey(key).topic === topic);
    if (stream === null) return ofTopic;
    const partition = partitionKey({ topic, partition: partitionOf(stream, ofTopic.length) });
    return ofTopic.filter(([key]) => key === partition);
  });
  return new Map(ends.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isWithin(one: Positions, other: Positions): boolean {
  return [...one].every(([key, end]: [PartitionKey, number]) => end <= (other.get(key) ?? 0));
}

function beyondLimit(
  name: string,
  records: number,
  { recordsLimit }: Pick<PastGenerationsParts, "recordsLimit">,
): PlatformError {
  const detail =
    `${name} as of then rests on ${records} records, and an answer about the past replays at most ` +
    `${recordsLimit}; ask about an earlier moment, or have CH_AS_OF_RECORDS raised`;
  return new PlatformError("AS_OF_LIMIT", detail, { facts: { records, limit: recordsLimit } });
}
