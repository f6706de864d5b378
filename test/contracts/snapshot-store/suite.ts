import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "chai";
import {
  LARGEST_RECORD_BYTES,
  type SnapshotMarker,
  type SnapshotPlace,
  type SnapshotSet,
  type SnapshotStore,
  type StoredSnapshot,
} from "../../../platform/snapshots/snapshot-store.ts";
import { type SnapshotAdapter, type SnapshotAdapterName, snapshotAdapters } from "./adapters.ts";

const PLACE: SnapshotPlace = { topic: "first.events", partition: 1, version: "1" };
const LONG_AFTER_MS = 9e15;

/** What a store of snapshots owes, whatever stands behind it. */
export function snapshotStoreContract(name: SnapshotAdapterName): void {
  const adapter: SnapshotAdapter = snapshotAdapters[name];

  describe(`the store of snapshots (${name})`, () => {
    let address: string;
    let store: SnapshotStore;

    beforeEach(async () => {
      address = adapter.create();
      store = await adapter.open(address);
    });

    afterEach(async () => {
      await store.close();
      await adapter.remove(address);
    });

    /** A store that knows nothing of what this process has done. */
    async function another<T>(use: (store: SnapshotStore) => Promise<T>): Promise<T> {
      const opened = await adapter.open(address);
      try {
        return await use(opened);
      } finally {
        await opened.close();
      }
    }

    async function write(position: number, values: readonly string[], place = PLACE) {
      const set: SnapshotSet = { ...place, setId: randomUUID() };
      for (const [number, value] of values.entries()) {
        await store.put(set, number, Buffer.from(value));
      }
      return { set, seal: () => store.seal(set, markerOf(position, values.length)) };
    }

    async function written(position: number, values: readonly string[], place = PLACE) {
      const { set, seal } = await write(position, values, place);
      await seal();
      return set;
    }

    const newest = (place = PLACE, isUsable: (marker: SnapshotMarker) => boolean = () => true) => {
      return another(async (opened) => valuesOf(await opened.newest(place, isUsable)));
    };

    it("has nothing at first", async () => {
      expect(await newest()).to.equal(null);
    });

    it("gives back the records in order, with the marker", async () => {
      const values = Array.from({ length: 25 }, (_, number) => `record ${number}`);
      await written(7, values);
      const found = await another(async (opened) => {
        const set = await opened.newest(PLACE, () => true);
        return { marker: set?.marker, values: await valuesOf(set) };
      });
      expect(found).to.deep.equal({ marker: markerOf(7, 25), values });
    });

    it("takes records as large as they may be", async () => {
      const set = { ...PLACE, setId: randomUUID() };
      const large = randomBytes(LARGEST_RECORD_BYTES);
      await store.put(set, 0, large);
      await store.put(set, 1, large);
      await store.seal(set, markerOf(1, 2));
      const found = await another(async (opened) => {
        const records: Uint8Array[] = [];
        const stored = await opened.newest(PLACE, () => true);
        for await (const record of stored?.records() ?? []) records.push(record);
        return records.map((record) => large.equals(record));
      });
      expect(found).to.deep.equal([true, true]);
    });

    it("prefers the highest position, whenever it was written", async () => {
      await written(9, ["nine"]);
      await written(5, ["five"]);
      expect(await newest()).to.deep.equal(["nine"]);
    });

    it("does not see a set that its writer did not finish", async () => {
      await written(5, ["five"]);
      await write(9, ["of nine", "killed here"]);
      expect(await newest()).to.deep.equal(["five"]);
    });

    it("does not see a set of which a record is missing", async () => {
      await written(5, ["five"]);
      const { set } = await write(9, ["only one"]);
      await store.seal(set, markerOf(9, 2));
      expect(await newest()).to.deep.equal(["five"]);
    });

    it("keeps sets of other versions, partitions and topics apart", async () => {
      await written(5, ["mine"]);
      await written(6, ["of another version"], { ...PLACE, version: "2" });
      // Partitions whose snapshots stand in the same place.
      await written(7, ["of another partition"], { ...PLACE, partition: 3 });
      await written(8, ["of another topic"], { ...PLACE, topic: "second.events" });
      expect(await newest()).to.deep.equal(["mine"]);
      expect(await newest({ ...PLACE, partition: 3 })).to.deep.equal(["of another partition"]);
    });

    it("gives only sets that their reader can use", async () => {
      await written(5, ["five"]);
      await written(9, ["nine"]);
      expect(await newest(PLACE, ({ position }) => position < 6)).to.deep.equal(["five"]);
      expect(await newest(PLACE, () => false)).to.equal(null);
    });

    it("forgets what a set has replaced, unfinished sets among it, and nothing newer", async () => {
      await written(5, ["replaced"]);
      await write(6, ["unfinished"]);
      const kept = await written(7, ["kept"]);
      await written(8, ["newer"]);
      await store.sweep(kept, 0);
      expect(await newest()).to.deep.equal(["newer"]);
      expect(await newest(PLACE, ({ position }) => position < 8)).to.deep.equal(["kept"]);
      expect(await newest(PLACE, ({ position }) => position < 7)).to.equal(null);
    });

    it("forgets sets of other versions once they are old", async () => {
      const other = { ...PLACE, version: "old" };
      await written(5, ["old"], other);
      const kept = await written(7, ["kept"]);
      await store.sweep(kept, 1);
      expect(await newest(other)).to.deep.equal(["old"]);
      await store.sweep(kept, LONG_AFTER_MS);
      expect(await newest(other)).to.equal(null);
      expect(await newest()).to.deep.equal(["kept"]);
    });

    it("forgets what another process has written", async () => {
      await another(async (opened) => {
        const set = { ...PLACE, setId: randomUUID() };
        await opened.put(set, 0, Buffer.from("theirs"));
        await opened.seal(set, markerOf(5, 1));
      });
      await store.sweep(await written(7, ["ours"]), 0);
      expect(await newest(PLACE, ({ position }) => position < 7)).to.equal(null);
    });
  });
}

function markerOf(position: number, records: number): SnapshotMarker {
  const rest = { logId: "log", highestClaim: 1, bytes: 100, writtenAtMs: 1 };
  return { ...rest, position, through: position + 1, records };
}

async function valuesOf(stored: StoredSnapshot | null): Promise<string[] | null> {
  if (stored === null) return null;
  const values: string[] = [];
  for await (const record of stored.records()) values.push(Buffer.from(record).toString());
  return values;
}
