import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { type Snapshot, snapshotOf } from "../../runner/generation-snapshot.ts";
import { OpenedGeneration } from "../../runner/opened-generation.ts";
import type { Row, Tables } from "../../runner/projection.ts";
import type { Checkpoint } from "../../runner/read-store.ts";
import { storedTable, type TableIndex } from "../../runner/stored-table.ts";
import type { RedisConnection } from "./connection.ts";
import { RedisLayout } from "./layout.ts";
import { askPartitions, type Lookup, type RedisPlace } from "./query.ts";
import { isGenerationThere, MissingGeneration } from "./schema.ts";

/**
 * A query of several steps is asked again where its partition has moved between two of them, for so
 * long: a reader that seldom gets a processor may meet a batch between any two steps.
 */
const ASKED_AGAIN_FOR_MS = 2_000;
/** Also where each of them takes long. */
const FEWEST_ATTEMPTS = 5;

export interface RedisGenerationParts<Reader> {
  /** Shared by all generations that this process reads. */
  readonly connection: RedisConnection;
  /** `risk:g3`: see `generationPrefix`. */
  readonly prefix: string;
  readonly tables: Tables;
  readonly indexes: readonly TableIndex[];
  /** The projection's reader of one query. */
  readonly makeReader: (queries: RedisQueries) => Reader;
}

/** One generation opened for queries; `null` while it is not there yet. */
export async function openRedisGeneration<Reader>(
  parts: RedisGenerationParts<Reader>,
): Promise<RedisGeneration<Reader> | null> {
  const isThere = await isGenerationThere(parts.connection, parts.prefix);
  return isThere ? new RedisGeneration(parts) : null;
}

/** Each query is answered with the checkpoints of the very moments at which its rows were read. */
export class RedisGeneration<Reader> extends OpenedGeneration<Reader> {
  readonly #parts: RedisGenerationParts<Reader>;
  readonly #place: RedisPlace;

  constructor(parts: RedisGenerationParts<Reader>) {
    super();
    const { connection, prefix, indexes } = parts;
    const tables = Object.entries(parts.tables).map(([name, table]) => storedTable(name, table));
    this.#parts = parts;
    this.#place = { connection, prefix, layout: new RedisLayout(prefix, tables, indexes) };
  }

  protected async answer<T>(query: (reader: Reader) => Promise<T>): Promise<Snapshot<T>> {
    const deadlineMs = performance.now() + ASKED_AGAIN_FOR_MS;
    for (let attempts = 1; ; attempts += 1) {
      const queries = new RedisQueries(this.#place);
      try {
        const result = await query(this.#parts.makeReader(queries));
        return snapshotOf(result, await queries.checkpoints());
      } catch (error) {
        if (!(error instanceof Moved)) throw error;
      }
      if (performance.now() > deadlineMs && attempts >= FEWEST_ATTEMPTS) {
        throw new PlatformError(
          "OVERLOADED",
          `rows changed ${attempts} times while they were read`,
        );
      }
    }
  }

  protected override isDropped(error: unknown): boolean {
    return error instanceof MissingGeneration;
  }
}

/** What has been asked in one query, and where the partitions stood. */
export class RedisQueries {
  readonly #place: RedisPlace;
  readonly #seen = new Map<PartitionKey, Seen>();
  #steps = 0;
  /** Of the step that is asked at the end of this turn. */
  #gathered: Lookup[] = [];
  #asking: Promise<readonly (readonly Row[])[]> | null = null;

  constructor(place: RedisPlace) {
    this.#place = place;
  }

  /**
   * The rows that each lookup finds, of all partitions; those of one stand in the lookup's order,
   * and come one partition after the other. What is asked in one turn is one step.
   */
  async ask(lookups: readonly Lookup[]): Promise<readonly (readonly Row[])[]> {
    const from = this.#gathered.length;
    this.#gathered.push(...lookups.map((lookup) => shifted(lookup, from)));
    this.#asking ??= Promise.resolve().then(() => this.#askGathered());
    const found = await this.#asking;
    return found.slice(from, from + lookups.length);
  }

  async #askGathered(): Promise<readonly (readonly Row[])[]> {
    const lookups = this.#gathered;
    [this.#gathered, this.#asking] = [[], null];
    const answers = await askPartitions(this.#place, lookups);
    for (const { partition, checkpoint, results } of answers) {
      this.#observe(
        partition,
        checkpoint,
        results.some((rows) => rows.length > 0),
      );
    }
    this.#steps += 1;
    return lookups.map((_, i) => {
      return answers.flatMap(({ results }) => (results[i] ?? []).map(({ row }) => row));
    });
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionKey, Checkpoint>> {
    if (this.#steps === 0) await this.ask([]);
    return new Map([...this.#seen].map(([partition, { checkpoint }]) => [partition, checkpoint]));
  }

  /**
   * A partition that gave rows must have stood still from the query's first step to its last. One
   * that gave none may have moved: its first checkpoint, the lowest, is the answer's, or that it
   * was not there.
   */
  #observe(partition: PartitionKey, checkpoint: Checkpoint, gaveRows: boolean): void {
    const before = this.#seen.get(partition);
    const counts = gaveRows || before?.gaveRows === true;
    const first = before?.checkpoint ?? (this.#steps === 0 ? checkpoint : null);
    if (counts && first?.next !== checkpoint.next) throw new Moved(`${partition} has moved`);
    if (first !== null) this.#seen.set(partition, { checkpoint: first, gaveRows: counts });
  }
}

/** With what it follows, where that has come `by` places later. */
function shifted(lookup: Lookup, by: number): Lookup {
  return lookup.kind === "follow" ? { ...lookup, lookup: lookup.lookup + by } : lookup;
}

interface Seen {
  readonly checkpoint: Checkpoint;
  readonly gaveRows: boolean;
}

class Moved extends Error {
  override readonly name = "Moved";
}
