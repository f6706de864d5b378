import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { expect } from "chai";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import { persist, type Trouble } from "../../projections/runner/persist.ts";
import type { Row } from "../../projections/runner/projection.ts";
import type { ReadStore } from "../../projections/runner/read-store.ts";
import {
  counters,
  MemoryLog,
  memoryCodec,
  TOPIC,
} from "../../projections/runner/runner.fixture.ts";
import { type RunEnd, run } from "../../projections/runner/runner.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";

const PARTITIONS = 2;
const COUNTERS = 40;
const DISTURBANCES = 8;
const EVENTS_BETWEEN = 4_000;
const STALLED_AFTER_MS = 60_000;

/** A log that grows, fed into a generation by the real runner. */
export class FedLog {
  readonly log = new MemoryLog(PARTITIONS);
  readonly troubles: Trouble[] = [];
  readonly #random: Random;
  readonly #values = new Map<string, number>();
  #events = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  grow(events: number): void {
    for (let i = 0; i < events; i += 1) {
      const number = this.#random.integer(0, COUNTERS - 1);
      const counter = `c-${String(number).padStart(2, "0")}`;
      this.#events += 1;
      this.#values.set(counter, this.#events);
      this.log.count(counter, this.#events, { partition: number % PARTITIONS });
    }
  }

  feed(store: ReadStore, signal: AbortSignal): Promise<RunEnd> {
    return run({
      ...{ projection: counters, store, log: this.log, codec: memoryCodec, signal },
      observer: { onTrouble: (_, trouble) => trouble !== null && this.troubles.push(trouble) },
    });
  }

  async untilFed(store: ReadStore): Promise<void> {
    const ends = await this.log.ends();
    const { signal } = new AbortController();
    let [reached, movedAt] = [-1, performance.now()];
    for (;;) {
      // What disturbs the runner disturbs this look at it, too.
      const look = async () => {
        await store.create();
        return store.checkpoints();
      };
      const checkpoints = await persist("look", look, { signal, onTrouble: () => undefined });
      const nexts = ends.map((_, i) => checkpoints.get(`${TOPIC}/${i}`)?.next ?? 0);
      if (nexts.every((next, i) => next === ends[i])) return;
      const sum = nexts.reduce((total, next) => total + next, 0);
      if (sum > reached) [reached, movedAt] = [sum, performance.now()];
      if (performance.now() > movedAt + STALLED_AFTER_MS) {
        throw new Error(`it stands at ${nexts} of ${ends}; the last trouble: ${this.#trouble()}`);
      }
      await sleep(20);
    }
  }

  #trouble(): string {
    return inspect(this.troubles.at(-1)?.error);
  }

  /** Every event exactly once in the history, and the last value of each counter. */
  async expectFed(store: ReadStore): Promise<void> {
    const history = await rowsOf(store, "history");
    const values = history.map(({ value }) => Number(value)).sort((a, b) => a - b);
    expect(values).to.deep.equal(Array.from({ length: this.#events }, (_, i) => i + 1));
    const expected = [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
    const found = await rowsOf(store, "counters");
    expect(found.map(({ counter, value }) => [counter, value])).to.deep.equal(expected);
  }
}

async function rowsOf(store: ReadStore, table: string): Promise<Row[]> {
  return (await Array.fromAsync(store.rows(table))).map(({ row }) => row);
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** Feeds a store that is disturbed, and looks whether anything was lost or doubled. */
export async function feedDisturbed(
  store: ReadStore,
  disturb: () => Promise<void>,
  disturbances = DISTURBANCES,
): Promise<void> {
  const random = createRandom(printedSeed());
  const fed = new FedLog(random);
  const stopping = new AbortController();
  const ended = fed.feed(store, stopping.signal);
  try {
    for (let i = 0; i < disturbances; i += 1) {
      fed.grow(EVENTS_BETWEEN);
      await sleep(random.integer(5, 120));
      await disturb();
    }
    await fed.untilFed(store);
  } finally {
    stopping.abort();
    expect((await ended).reason).to.equal("stopped");
  }
  try {
    await fed.expectFed(store);
    await store.drop();
  } finally {
    await store.close();
  }
  const errors = fed.troubles.map(({ error }) => error);
  print(`${errors.length} calls failed and were made again`);
  expect(errors.length).to.be.above(0);
  const others = errors.filter((error) => codeOf(error) !== "STORE_UNAVAILABLE");
  expect(others.map((error) => inspect(error))).to.deep.equal([]);
}

/** Two projectors on one generation: the second takes over, and the first stops. */
export async function feedTwice(stores: readonly [ReadStore, ReadStore]): Promise<void> {
  const fed = new FedLog(createRandom(printedSeed()));
  const stopping = new AbortController();
  try {
    fed.grow(5_000);
    const first = fed.feed(stores[0], stopping.signal);
    await fed.untilFed(stores[0]);
    fed.grow(20_000);
    const second = fed.feed(stores[1], stopping.signal);
    await fed.untilFed(stores[1]);
    // One that has nothing to write does not notice that it is a ghost.
    fed.grow(5_000);
    expect((await first).reason).to.equal("fenced");
    await fed.untilFed(stores[1]);
    stopping.abort();
    expect((await second).reason).to.equal("stopped");
  } finally {
    stopping.abort();
  }
  await fed.expectFed(stores[1]);
  await stores[1].drop();
  for (const one of stores) await one.close();
}
