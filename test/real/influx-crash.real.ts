import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { persist } from "../../projections/runner/persist.ts";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import { linesOf } from "../../projections/stores/influx/points.ts";
import { shapedTable } from "../../projections/stores/influx/shape.ts";
import { InfluxReadStore } from "../../projections/stores/influx/store.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { sampleShapes } from "../contracts/read-store/adapters.ts";
import { sameRows } from "../contracts/read-store/killed-child.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  sampleEvents,
  tables,
} from "../contracts/read-store/sample-projection.ts";
import { INFLUX_START_MS, type PrivateInflux, startPrivateInflux } from "./private-influx.ts";

const KILLS = 5;
const EVENTS = 6_000;
const BATCH = 40;
const QUICK_BATCHES = 500;
const LONGEST_MS_BEFORE_KILL = 400;

describe("a read model in InfluxDB, where nothing is a transaction", function () {
  this.timeout(INFLUX_START_MS);
  let server: PrivateInflux;
  let client: InfluxClient;
  let database = 0;

  before(async function () {
    const started = await startPrivateInflux();
    if (started === null) return this.skip();
    server = started;
    client = new InfluxClient({ url: server.url, connections: 1 });
  });

  after(async () => {
    client?.close();
    await server?.destroy();
  });

  beforeEach(() => {
    database += 1;
  });

  function open(): InfluxReadStore {
    const place = { url: server.url, database: `crash_g${database}` };
    return new InfluxReadStore({ ...place, projection, shapes: sampleShapes });
  }

  it("is what the log says when two projectors write the same at once", async () => {
    const events = sampleEvents(printedSeed(), 400);
    const both = [open(), open()];
    for (const one of both) await one.create();
    await Promise.all(
      both.map(async (store, i) => {
        for (;;) {
          const { next, epoch } = await store.take(PARTITION, LOG_ID);
          const piece = events.slice(next, next + 20 + i * 7);
          if (piece.length === 0) return;
          await store.apply(batchOf(piece, { epoch }));
        }
      }),
    );
    const [store] = both;
    expect(sameRows(await allRows(store as InfluxReadStore), allRowsAfter(events))).to.equal(true);
    for (const one of both) await one.close();
  });

  it("does not change when old writes arrive late", async () => {
    const events = sampleEvents(printedSeed(), 300);
    const store = open();
    await store.create();
    const { epoch } = await store.take(PARTITION, LOG_ID);
    await store.apply(batchOf(events.slice(0, 100), { epoch }));
    await store.apply(batchOf(events.slice(100), { epoch }));
    const shaped = new Map(
      Object.entries(tables).map(([name, table]) => {
        return [name, shapedTable(name, table, sampleShapes[name])];
      }),
    );
    for (const until of [300, 100, 30]) {
      const { changes } = batchOf(events.slice(0, until));
      await client.write(`crash_g${database}`, linesOf(shaped, PARTITION, changes).join("\n"));
      expect(sameRows(await allRows(store), allRowsAfter(events)), `${until}`).to.equal(true);
    }
    await store.close();
  });

  it("never goes back in the eyes of readers while its checkpoint is written", async () => {
    const [store, reader] = [open(), open()];
    await store.create();
    const { epoch } = await store.take(PARTITION, LOG_ID);
    let isOver = false;
    const writing = (async () => {
      for (let next = 1; next <= QUICK_BATCHES; next += 1) {
        await store.apply(batchOf([], { expected: next - 1, next, epoch }));
      }
      isOver = true;
    })();
    const seen: number[] = [];
    const reading = Array.from({ length: 4 }, async () => {
      let last = 0;
      while (!isOver) {
        const next = (await reader.checkpoints()).get(PARTITION)?.next ?? 0;
        if (next < last) seen.push(next);
        last = Math.max(last, next);
      }
    });
    await Promise.all([writing, ...reading]);
    expect(seen, "positions after higher ones").to.deep.equal([]);
    for (const one of [store, reader]) await one.close();
  });

  it("does not believe a point of which only some fields are there yet", async () => {
    const events = sampleEvents(printedSeed(), 100);
    const store = open();
    await store.create();
    const { epoch } = await store.take(PARTITION, LOG_ID);
    const parked = [{ stream: "a", position: 7, sequence: 1, reason: "sour" }];
    await store.apply(batchOf(events, { epoch, parked }));
    const before = await store.checkpoints();
    const [of, stream] = [`partition=${PARTITION}`, "stream=a"];
    await client.write(
      `crash_g${database}`,
      [
        `_checkpoints,${of} epoch=9i 200`,
        `_checkpoints,${of} next=201i 201`,
        `_parked,${of},${stream} reason="half" 1`,
        `_parked,${of},stream=b position=8i 8`,
        `_released,${of},${stream} through=100i 100`,
      ].join("\n"),
    );
    expect(await store.checkpoints()).to.deep.equal(before);
    await store.close();
  });

  it(`loses and doubles nothing, its server killed ${KILLS} times`, async () => {
    const seed = printedSeed();
    const random = createRandom(seed);
    const events = sampleEvents(seed, EVENTS);
    const store = open();
    await store.create();
    const feeding = feed(store, events);
    let killed = 0;
    for (; killed < KILLS && !feeding.isDone(); killed += 1) {
      await sleep(random.integer(0, LONGEST_MS_BEFORE_KILL));
      server.kill();
      await server.start();
      const reader = open();
      const told = feeding.told();
      const next = (await reader.checkpoints()).get(PARTITION)?.next ?? 0;
      expect(next, "what was told as applied is there").to.be.at.least(told);
      await reader.close();
    }
    await feeding.done;
    print(`${killed} kills, ${feeding.troubles()} attempts that failed`);
    expect(killed).to.equal(KILLS);
    expect(feeding.troubles(), "writes that a kill has hit").to.be.above(0);
    expect(sameRows(await allRows(store), allRowsAfter(events))).to.equal(true);
    expect((await store.checkpoints()).get(PARTITION)?.next).to.equal(EVENTS);
    await store.close();
  });
});

interface Feeding {
  readonly done: Promise<void>;
  isDone(): boolean;
  /** The position that was last told as applied. */
  told(): number;
  troubles(): number;
}

/** As the runner feeds: the same batch again until it is written, and where it stands if not so. */
function feed(store: InfluxReadStore, events: ReturnType<typeof sampleEvents>): Feeding {
  let told = 0;
  let troubles = 0;
  let isDone = false;
  const { signal } = new AbortController();
  const onTrouble = (trouble: unknown) => {
    if (trouble !== null) troubles += 1;
  };
  const again = <T>(doing: string, work: () => Promise<T>) => {
    return persist(doing, work, { signal, onTrouble });
  };
  const run = async () => {
    for (;;) {
      const { next, epoch } = await again("take", () => store.take(PARTITION, LOG_ID));
      told = next;
      for (let from = next; from < events.length; from = told) {
        const batch = batchOf(events.slice(from, from + BATCH), { epoch });
        const outcome = await again("apply", () => store.apply(batch));
        if (outcome !== "applied") break;
        told = batch.next;
      }
      if (told === events.length) break;
    }
    isDone = true;
  };
  return { done: run(), isDone: () => isDone, told: () => told, troubles: () => troubles };
}
