import { expect } from "chai";
import type { EventChanges } from "../../../projections/runner/compact.ts";
import {
  type Batch,
  DataError,
  type ParkedStream,
  type ReadStore,
} from "../../../projections/runner/read-store.ts";
import { rejection } from "./disturbances.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  OTHER_PARTITION,
  PARTITION,
  sampleEvents,
} from "./sample-projection.ts";

const STREAM = "s-1";
const OTHER: ParkedStream = { stream: "s-2", position: 6, sequence: 2, reason: "another" };

function parkedAt(position: number, reason = "no such column"): ParkedStream {
  return { stream: STREAM, position, sequence: position + 1, reason };
}

/** What a store must do with streams that are released; `taken`: a new one. */
export function releaseContract(taken: () => Promise<ReadStore>): void {
  describe("a stream that is released", () => {
    const events = sampleEvents(31, 12);
    /** Left out where the stream was parked, at 4. */
    const left = events.slice(4, 8);
    let store: ReadStore;

    beforeEach(async () => {
      store = await taken();
      await store.apply(batchOf(events.slice(0, 4)));
      const skipped = { ...batchOf([]), expected: 4, next: 8 };
      await store.apply({ ...skipped, parked: [parkedAt(4), OTHER] });
    });

    /** Of these events, while the checkpoint stays where it is. */
    function release(some: readonly EventChanges[], more: Partial<Batch> = {}): Batch {
      const stays = { expected: 8, next: 8 };
      return batchOf(some, { ...stays, released: [STREAM], recordedAtMs: 5, ...more });
    }

    async function parked(one = store): Promise<readonly ParkedStream[]> {
      return (await one.checkpoints()).get(PARTITION)?.parked ?? [];
    }

    it("is parked no more, and its rows are there, while the checkpoint stays", async () => {
      expect(await parked()).to.deep.equal([parkedAt(4), OTHER]);
      expect(await store.apply(release(left))).to.equal("applied");
      expect(await parked()).to.deep.equal([OTHER]);
      expect(await allRows(store)).to.deep.equal(allRowsAfter(events.slice(0, 8)));
      expect((await store.checkpoints()).get(PARTITION)).to.include({ next: 8 });
      expect(await store.apply(batchOf(events.slice(8)))).to.equal("applied");
      expect(await allRows(store)).to.deep.equal(allRowsAfter(events));
    });

    it("is parked further on where only a part is released, and with another reason", async () => {
      const pieces = [6, 7, 8].map((to, i) => events.slice([4, 6, 7][i], to));
      for (const piece of pieces.slice(0, 2)) {
        const next = (piece.at(-1)?.position ?? 0) + 1;
        const still = parkedAt(next, `again at ${next}`);
        expect(await store.apply(release(piece, { parked: [still] }))).to.equal("applied");
        expect(await parked()).to.deep.equal([still, OTHER]);
      }
      await store.apply(release(pieces[2] ?? []));
      expect(await parked()).to.deep.equal([OTHER]);
      expect(await allRows(store)).to.deep.equal(allRowsAfter(events.slice(0, 8)));
    });

    it("may fail at the event where it was parked, for another reason", async () => {
      await store.apply(release([], { parked: [parkedAt(4, "still wrong")] }));
      expect(await parked()).to.deep.equal([parkedAt(4, "still wrong"), OTHER]);
    });

    it("comes to the same when every step is sent twice", async () => {
      const steps = [release(left.slice(0, 2), { parked: [parkedAt(6)] }), release(left.slice(2))];
      for (const step of steps) {
        for (let sent = 0; sent < 2; sent += 1) {
          expect(await store.apply(step)).to.equal("applied");
        }
      }
      expect(await parked()).to.deep.equal([OTHER]);
      expect(await allRows(store)).to.deep.equal(allRowsAfter(events.slice(0, 8)));
    });

    it("can be parked anew, also at the next event", async () => {
      await store.apply(release(left));
      const again = parkedAt(8, "again");
      await store.apply({ ...batchOf([]), expected: 8, next: 9, parked: [again] });
      expect(await parked()).to.deep.equal([again, OTHER]);
    });

    it("stays as it was where the checkpoint is elsewhere", async () => {
      const batch = release(left, { expected: 7, next: 7 });
      expect(await store.apply(batch)).to.equal("behind");
      expect(await parked()).to.deep.equal([parkedAt(4), OTHER]);
      expect(await allRows(store)).to.deep.equal(allRowsAfter(events.slice(0, 4)));
    });

    it("stays as it was where the content cannot be written", async () => {
      const changes = [{ table: "entries", row: { stream: "a", sequence: 1.5 }, position: 4 }];
      expect(await rejection(store.apply(release([], { changes })))).to.be.instanceOf(DataError);
      expect(await parked()).to.deep.equal([parkedAt(4), OTHER]);
    });

    it("is another one in another partition", async () => {
      await store.take(OTHER_PARTITION, LOG_ID);
      const elsewhere = { ...batchOf([]), partition: OTHER_PARTITION, expected: 0, next: 5 };
      await store.apply({ ...elsewhere, parked: [parkedAt(2)] });
      await store.apply(release(left));
      expect((await store.checkpoints()).get(OTHER_PARTITION)?.parked).to.deep.equal([parkedAt(2)]);
    });
  });
}
