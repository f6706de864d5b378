import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../../cli/demo/random.ts";
import type { EventChanges } from "../../../projections/runner/compact.ts";
import { compareKeys } from "../../../projections/runner/key-order.ts";
import type { Row, Value } from "../../../projections/runner/projection.ts";
import {
  DataError,
  type ParkedStream,
  type ReadStore,
} from "../../../projections/runner/read-store.ts";
import { print, printedSeed } from "../log/seed.ts";
import { type ReadStoreAdapter, type ReadStoreAdapterName, readStoreAdapters } from "./adapters.ts";
import { comparisonContract } from "./comparison-suite.ts";
import {
  applyByPlan,
  disturbed,
  nextOf,
  rejection,
  settled,
  TWINS,
  withOwners,
} from "./disturbances.ts";
import { indexContract } from "./index-suite.ts";
import { killedChild } from "./killed-child.ts";
import { expectAllOf, originContract } from "./origin-suite.ts";
import { releaseContract } from "./release-suite.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  OTHER_PARTITION,
  PARTITION,
  readRows,
  rowsAfter,
  sampleEvents,
} from "./sample-projection.ts";

const KILLS = Number(process.env["KILLS"] ?? 15);
const MOST_KILLS = Math.max(15, KILLS);
/** A child is killed at some time until so long after its first word. */
const LONGEST_LIFE_MS = 40;
const PARKED: ParkedStream = { stream: "s-1", position: 3, sequence: 7, reason: "no such column" };

/** What every adapter of the read-store port must do. */
export function readStoreContract(name: ReadStoreAdapterName): void {
  const adapter: ReadStoreAdapter = readStoreAdapters[name];
  const { comparesAndSets, isAtomic, longestLifeMs = LONGEST_LIFE_MS } = adapter;
  /** What a ghost sends: anything, where it is refused; else what it once read. */
  const ghostly = (event: EventChanges) => (comparesAndSets ? disturbed(event) : event);
  /** What is promised only where the checkpoint moves by compare-and-set. */
  const itWhereCompared = (title: string, run: () => Promise<void>) => {
    if (comparesAndSets) it(title, run);
  };

  describe(`the read-store contract: ${name}`, () => {
    const addresses: string[] = [];
    const opened: ReadStore[] = [];
    let store: ReadStore;

    function newAddress(): string {
      const address = adapter.newAddress();
      addresses.push(address);
      return address;
    }

    function open(address: string): ReadStore {
      const one = adapter.open(address);
      opened.push(one);
      return one;
    }

    async function taken(address = newAddress()): Promise<ReadStore> {
      const one = open(address);
      await one.create();
      await one.take(PARTITION, LOG_ID);
      return one;
    }

    /** Without compare-and-set, taking a partition writes nothing. */
    async function checkpointOf(one: ReadStore) {
      const checkpoint = (await one.checkpoints()).get(PARTITION);
      return checkpoint ?? (comparesAndSets ? null : { next: 0, parked: [] });
    }

    beforeEach(async () => {
      store = await taken();
    });

    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      for (const address of addresses.splice(0)) await adapter.remove(address);
    });

    describe("take", () => {
      it("begins at 0 with the first epoch", async () => {
        const fresh = await store.take(OTHER_PARTITION, LOG_ID);
        expect(fresh).to.deep.equal({
          next: 0,
          epoch: 1,
          logId: LOG_ID,
          highestClaim: -1,
          recordedAtMs: 0,
          parked: [],
          causes: new Map(),
        });
      });

      itWhereCompared("gives every taker another epoch, however many take at once", async () => {
        const address = newAddress();
        const stores = [open(address), open(address)];
        for (const one of stores) await one.create();
        const takes = Array.from({ length: 20 }, (_, i) => {
          return (stores[i % 2] as ReadStore).take(PARTITION, LOG_ID);
        });
        const epochs = (await Promise.all(takes)).map(({ epoch }) => epoch);
        expect(epochs.toSorted((a, b) => a - b)).to.deep.equal(
          Array.from({ length: 20 }, (_, i) => i + 1),
        );
      });

      it("gives the checkpoint where the last apply left it, also after a restart", async () => {
        const address = newAddress();
        const before = await taken(address);
        const batch = batchOf(sampleEvents(1, 10), {
          highestClaim: 4,
          parked: [PARKED],
          causes: new Map([[OTHER_PARTITION, 7]]),
        });
        await before.apply(batch);
        await before.close();
        const checkpoint = await open(address).take(PARTITION, LOG_ID);
        expect(checkpoint).to.deep.equal({
          next: 10,
          epoch: 2,
          logId: LOG_ID,
          highestClaim: 4,
          recordedAtMs: batch.recordedAtMs,
          parked: [PARKED],
          causes: new Map([[OTHER_PARTITION, 7]]),
        });
      });

      it("refuses a foreign log by name and leaves the epoch alone", async () => {
        await store.apply(batchOf(sampleEvents(1, 3)));
        const foreign = await rejection(store.take(PARTITION, "another log"));
        expect(foreign).to.have.property("code", "LOG_MISMATCH");
        expect((await store.take(PARTITION, LOG_ID)).epoch).to.equal(2);
      });
    });

    describe("apply", () => {
      const events = sampleEvents(7, 24);

      it("comes to the same rows wherever the batch is split", async () => {
        for (let cut = 0; cut <= events.length; cut += 1) {
          const one = await taken();
          const [head, tail] = [events.slice(0, cut), events.slice(cut)];
          if (head.length > 0) expect(await one.apply(batchOf(head))).to.equal("applied");
          if (tail.length > 0) expect(await one.apply(batchOf(tail))).to.equal("applied");
          expect(await allRows(one), `split at ${cut}`).to.deep.equal(allRowsAfter(events));
        }
      });

      it("comes to the same rows when every batch is sent twice", async () => {
        for (const event of events) {
          expect(await store.apply(batchOf([event]))).to.equal("applied");
          expect(await store.apply(batchOf([event]))).to.equal("behind");
        }
        expect(await allRows(store)).to.deep.equal(allRowsAfter(events));
      });

      itWhereCompared("is done by one of many who send the same batch at once", async () => {
        const address = newAddress();
        const stores = [await taken(address), open(address), open(address)];
        for (const one of stores) await one.create();
        for (const event of events.slice(0, 8)) {
          const sent = Array.from({ length: 9 }, (_, i) => {
            return (stores[i % 3] as ReadStore).apply(batchOf([event]));
          });
          const outcomes = (await Promise.all(sent)).toSorted();
          expect(outcomes).to.deep.equal(["applied", ...Array(8).fill("behind")]);
        }
        expect(await allRows(stores[1] as ReadStore)).to.deep.equal(
          allRowsAfter(events.slice(0, 8)),
        );
      });

      it("comes to the same rows though a ghost sends every batch before and after", async () => {
        const { epoch } = await store.take(PARTITION, LOG_ID);
        for (const event of events) {
          const late = batchOf([ghostly(event)], { epoch: epoch - 1 });
          const honest = batchOf([event], { epoch });
          const told = [];
          for (const batch of [late, honest, late]) told.push(await store.apply(batch));
          if (comparesAndSets) expect(told).to.deep.equal(["fenced", "applied", "fenced"]);
        }
        expect(await allRows(store)).to.deep.equal(allRowsAfter(events));
      });

      it("comes to the same rows by any splits, repeats and ghosts", async () => {
        const seed = printedSeed();
        const piece = fc.record({
          size: fc.integer({ min: 1, max: 9 }),
          twin: fc.constantFrom(...TWINS),
        });
        const property = fc.asyncProperty(fc.integer(), fc.array(piece), async (sample, plan) => {
          const one = await taken();
          const { epoch } = await one.take(PARTITION, LOG_ID);
          const all = sampleEvents(sample, 40);
          await applyByPlan(one, { events: all, plan, epoch, comparesAndSets });
          expect(await allRows(one)).to.deep.equal(allRowsAfter(all));
          expect((await one.checkpoints()).get(PARTITION)?.next).to.equal(40);
        });
        await fc.assert(property, { seed, numRuns: 30 });
      });

      it("moves nothing when the checkpoint is elsewhere", async () => {
        expect(await store.apply(batchOf(events.slice(3)))).to.equal("behind");
        expect(await allRows(store)).to.deep.equal({ accounts: [], entries: [] });
        expect(await checkpointOf(store)).to.include({ next: 0 });
      });

      it("keeps partitions apart, and says which one changed a row", async () => {
        await store.take(OTHER_PARTITION, LOG_ID);
        const [mine, theirs] = [sampleEvents(1, 5), withOwners(sampleEvents(2, 9), "other ")];
        await store.apply(batchOf(mine));
        await store.apply(batchOf(theirs, { partition: OTHER_PARTITION }));
        const found = await readRows(store, "entries");
        const expected = [
          ...rowsAfter("entries", mine),
          ...rowsAfter("entries", theirs, OTHER_PARTITION),
        ];
        expect(found).to.have.deep.members(expected);
        const positions = [...(await store.checkpoints())].map(([key, { next }]) => [key, next]);
        expect(positions).to.deep.equal([
          [PARTITION, 5],
          [OTHER_PARTITION, 9],
        ]);
      });

      it("moves the checkpoint alone where nothing changes", async () => {
        const batch = { ...batchOf([]), expected: 0, next: 3, highestClaim: 2 };
        expect(await store.apply(batch)).to.equal("applied");
        const checkpoint = (await store.checkpoints()).get(PARTITION);
        expect(checkpoint).to.include({ next: 3, highestClaim: 2 });
      });

      it("keeps the highest cause of each partition", async () => {
        const causes = (next: number) => new Map([[OTHER_PARTITION, next]]);
        await store.apply(batchOf(events.slice(0, 5), { causes: causes(8) }));
        await store.apply(batchOf(events.slice(5), { causes: causes(3) }));
        const checkpoint = (await store.checkpoints()).get(PARTITION);
        expect(checkpoint?.causes).to.deep.equal(causes(8));
      });

      it("parks streams in the same step, and only once", async () => {
        await store.apply(batchOf(events.slice(0, 5), { parked: [PARKED] }));
        await store.apply(batchOf(events.slice(5), { parked: [{ ...PARKED, position: 9 }] }));
        expect((await store.checkpoints()).get(PARTITION)?.parked).to.deep.equal([PARKED]);
      });
    });

    describe("content that cannot be written", () => {
      const row: Row = { stream: "s", sequence: 1, amount: "1" };
      const bad: Record<string, Row> = {
        "a number for a decimal": { ...row, amount: 1.5 },
        "a text for an integer": { ...row, sequence: "1" },
        "a key left out": { stream: "s", amount: "1" },
        "a column left out": { stream: "s", sequence: 1 },
        "no key": { ...row, sequence: null },
        "a fraction for an integer": { ...row, sequence: 1.5 },
        "an integer beyond 2^53": { ...row, sequence: 2 ** 53 },
        "a text with NUL": { ...row, stream: "nul\u0000inside" },
        "half of a surrogate pair": { ...row, stream: "\ud83d alone" },
      };
      for (const [title, content] of Object.entries(bad)) {
        it(`is a data error and changes nothing: ${title}`, async () => {
          const good = { table: "entries", row: { stream: "a", sequence: 1, amount: "1" } };
          const changes = [good, { table: "entries", row: content }];
          const batch = { ...batchOf([{ position: 0, changes: [] }]), parked: [PARKED] };
          const positioned = changes.map((change) => ({ ...change, position: 0 }));
          const error = await rejection(store.apply({ ...batch, changes: positioned }));
          expect(error).to.be.instanceOf(DataError);
          expect(await readRows(store, "entries")).to.deep.equal([]);
          expect(await checkpointOf(store)).to.deep.include({ next: 0, parked: [] });
          expect(await store.apply(batchOf(sampleEvents(3, 4)))).to.equal("applied");
        });
      }

      it("is a data error for a double that is no number", async () => {
        const columns = { name: "", count: 0, balance: "0", open: true, document: "{}" };
        for (const ratio of [Number.NaN, Number.POSITIVE_INFINITY]) {
          const change = { table: "accounts", row: { owner: "a", number: 1, ...columns, ratio } };
          const batch = { ...batchOf([{ position: 0, changes: [] }]) };
          const error = await rejection(
            store.apply({ ...batch, changes: [{ ...change, position: 0 }] }),
          );
          expect(error).to.be.instanceOf(DataError);
        }
      });
    });

    comparisonContract(taken);
    indexContract(newAddress, open);
    releaseContract(taken);
    originContract(taken, { comparesAndSets });

    describe("rows", () => {
      it("come in key order by code point, from a key on, without the deleted ones", async () => {
        const events = sampleEvents(11, 300);
        await store.apply(batchOf(events));
        const rows = await readRows(store, "accounts");
        const keys = rows.map(({ row }) => [row.owner, row.number] as Value[]);
        expect(keys).to.deep.equal(keys.toSorted(compareKeys));
        expect(rows).to.deep.equal(rowsAfter("accounts", events));
        for (const [i, key] of keys.entries()) {
          const after = await Array.fromAsync(store.rows("accounts", key));
          expect(after).to.deep.equal(rows.slice(i + 1));
        }
      });

      it("are gone once deleted, and come back when written again", async () => {
        const upsert = (position: number, name: string): EventChanges => {
          const empty = { count: 0, balance: "0", ratio: 0, open: false, document: "{}" };
          const row = { owner: "a", number: 1, name, ...empty };
          return { position, changes: [{ table: "accounts", row }] };
        };
        const key = { owner: "a", number: 1 };
        const remove = { table: "accounts", row: key, deleted: true } as const;
        await store.apply(batchOf([upsert(0, "first")]));
        await store.apply(batchOf([{ position: 1, changes: [remove] }]));
        expect(await readRows(store, "accounts")).to.deep.equal([]);
        await store.apply(batchOf([{ position: 2, changes: [remove] }]));
        await store.apply(batchOf([upsert(3, "again")]));
        const [row, ...others] = await readRows(store, "accounts");
        expect(others).to.deep.equal([]);
        expect(row).to.deep.include({ position: 3, partition: PARTITION });
      });

      it("are read piece by piece while batches are being written", async () => {
        const changes = Array.from({ length: 5_000 }, (_, sequence) => {
          return { table: "entries", row: { stream: "s", sequence: sequence * 2, amount: "1" } };
        });
        await store.apply(batchOf([{ position: 0, changes }]));
        let position = 1;
        const seen: number[] = [];
        for await (const { row } of store.rows("entries")) {
          seen.push(Number(row.sequence));
          if (seen.length % 500 !== 0) continue;
          const late = { stream: "s", sequence: seen.length * 2 + 20_001, amount: "2" };
          await store.apply(batchOf([{ position, changes: [{ table: "entries", row: late }] }]));
          position += 1;
        }
        expect(seen.filter((sequence) => sequence % 2 === 0)).to.have.length(5_000);
        expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
      });

      it("are refused of a table that is not there", async () => {
        const reading = Array.fromAsync(store.rows("nothing"));
        expect(await rejection(reading)).to.be.instanceOf(RangeError);
      });
    });

    describe("drop", () => {
      it("leaves nothing, may be repeated, and lets a new build begin", async () => {
        await store.apply(batchOf(sampleEvents(5, 10), { parked: [PARKED] }));
        await store.drop();
        await store.drop();
        await store.create();
        expect(await store.take(PARTITION, LOG_ID)).to.include({ next: 0, epoch: 1 });
        expect(await allRows(store)).to.deep.equal({ accounts: [], entries: [] });
      });
    });

    it(`holds what the log says up to the checkpoint, killed ${KILLS} times`, async () => {
      const seed = printedSeed();
      const random = createRandom(seed);
      const [address, count, size] = [newAddress(), 20_000, 50];
      const events = sampleEvents(seed, count);
      let [kills, unfinished] = [0, 0];
      for (; kills < KILLS || (unfinished === 0 && kills < MOST_KILLS); kills += 1) {
        const args = [name, address, String(seed), String(count), String(size)];
        const told = await killedChild(args, random.integer(0, longestLifeMs));
        const after = open(address);
        const left = await nextOf(after);
        expect(left, "what was told as applied is there").to.be.at.least(told);
        const next = await settled(after, { isAtomic, events, from: left, size });
        await expectAllOf(after, events.slice(0, next));
        if (left > 0 && left < count) unfinished += 1;
        await after.close();
        if (next === count) await adapter.open(address).drop();
      }
      print(`${unfinished} of ${kills} kills came while batches were being applied`);
      expect(unfinished).to.be.above(0);
    });
  });
}
