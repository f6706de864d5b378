import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../../cli/demo/random.ts";
import type { AppendResult, Log, PartitionRef, Reign } from "../../../platform/log/log.ts";
import { type LogAdapter, type LogAdapterName, logAdapters, TOPICS } from "./adapters.ts";
import { LogChild } from "./child-process.ts";
import { endsAtContract } from "./ends-at-contract.ts";
import { raceOwners } from "./race-owners.ts";
import { assertGapless, rawClaim, rawRecord, rawRecords, readAll, textOf } from "./raw-records.ts";
import { printedSeed } from "./seed.ts";
import { wakingContract } from "./waking-contract.ts";

const FIRST: PartitionRef = { topic: "first.events", partition: 0 };
const OTHER: PartitionRef = { topic: "first.events", partition: 3 };
const ALL = { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 };

/** What every adapter of the log port must do. */
export function logContract(name: LogAdapterName): void {
  endsAtContract(name);
  const adapter: LogAdapter = logAdapters[name];

  describe(`the log contract: ${name}`, () => {
    let address: string;
    let log: Log;

    beforeEach(async () => {
      address = adapter.create();
      log = await adapter.open(address, TOPICS);
    });

    afterEach(async () => {
      await log.close();
      await adapter.remove(address);
    });

    async function take(partition: PartitionRef): Promise<{ reign: Reign; end: number }> {
      const reign = await log.claim(partition, rawClaim("test"));
      return { reign, end: reign.epoch + 1 };
    }

    describe("creation", () => {
      it("makes the topics with their partitions", async () => {
        const expected = TOPICS.map(({ topic, partitions }) => [topic, partitions]);
        expect([...(await log.topics())]).to.deep.equal(expected);
      });

      it("begins every partition with the same log id", async () => {
        const logId = await log.logId();
        for (const { topic, partitions } of TOPICS) {
          expect(await log.ends(topic)).to.deep.equal(Array(partitions).fill(1));
          for (let partition = 0; partition < partitions; partition += 1) {
            const [record] = await log.read({ topic, partition }, 0, ALL);
            expect([record?.key, textOf(record)]).to.deep.equal(["~log", logId]);
          }
        }
      });

      it("gives topics that are added later the id that is there", async () => {
        const logId = await log.logId();
        await log.close();
        log = await adapter.open(address, [...TOPICS, { topic: "third.events", partitions: 2 }]);
        expect(await log.logId()).to.equal(logId);
        const [record] = await log.read({ topic: "third.events", partition: 1 }, 0, ALL);
        expect(textOf(record)).to.equal(logId);
        expect(await log.ends("first.events")).to.deep.equal([1, 1, 1, 1]);
      });

      it("refuses another number of partitions, by name", async () => {
        const wanted = [{ topic: "first.events", partitions: 5 }];
        const error = await rejection(adapter.open(address, wanted));
        expect(error.message).to.match(/first\.events has 4 partitions.* 5 were asked for/);
        expect(await log.ends("first.events")).to.have.length(4);
      });

      it("gives processes that create at once one log", async () => {
        const place = adapter.create();
        const children = [0, 1, 2].map(() => new LogChild(name, place));
        await Promise.all(children.map((child) => child.ask({ order: "open" })));
        await Promise.all(children.map((child) => child.end()));
        const reader = await adapter.openReader(place);
        expect(await reader.ends("first.events")).to.deep.equal([1, 1, 1, 1]);
        for (const partition of [0, 1, 2, 3]) {
          const [record] = await reader.read({ ...FIRST, partition }, 0, ALL);
          expect(textOf(record)).to.equal(await reader.logId());
        }
        await reader.close();
        await adapter.remove(place);
      });
    });

    describe("appending", () => {
      it("puts records one after another, without holes", async () => {
        const { reign, end } = await take(FIRST);
        const one = await log.append(reign, end, rawRecords("a", "b"));
        const two = await log.append(reign, end + 2, rawRecords("c"));
        expect([positionOf(one), positionOf(two)]).to.deep.equal([end, end + 2]);
        const records = await readAll(log, FIRST);
        assertGapless(records);
        expect(records.slice(end).map(textOf)).to.deep.equal(["a", "b", "c"]);
        expect(await log.ends("first.events")).to.deep.equal([end + 3, 1, 1, 1]);
      });

      it("keeps keys, values and headers as they are", async () => {
        const { reign, end } = await take(FIRST);
        let next = end;
        const header = fc.string({ unit: "binary" });
        const headers = fc.dictionary(fc.oneof(header, fc.constant("ce_type")), header);
        const record = fc.record({ key: header, value: fc.uint8Array(), headers });
        const batches = fc.array(record, { minLength: 1, maxLength: 8 });
        await fc.assert(
          fc.asyncProperty(batches, async (records) => {
            expect(positionOf(await log.append(reign, next, records))).to.equal(next);
            const read = await log.read(FIRST, next, ALL);
            next += records.length;
            const contents = read.map(({ key, value, headers: { ...all } }) => {
              return { key, value: [...value], headers: all };
            });
            const expected = records.map(({ key, value, headers: { ...all } }) => {
              return { key, value: [...value], headers: all };
            });
            expect(contents).to.deep.equal(expected);
          }),
          { numRuns: 100 },
        );
      });

      it("takes the bytes a value has, though they stand in a larger buffer", async () => {
        const { reign, end } = await take(FIRST);
        const value = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251).subarray(10, 13);
        await log.append(reign, end, [{ key: "k", value, headers: {} }]);
        const [record] = await log.read(FIRST, end, ALL);
        expect([...(record?.value ?? [])]).to.deep.equal([10, 11, 12]);
      });

      it("takes no records as an append of nothing", async () => {
        const { reign, end } = await take(FIRST);
        expect(positionOf(await log.append(reign, end, []))).to.equal(end);
        expect((await log.append(reign, end + 1, [])).outcome).to.equal("misplaced");
        expect((await log.ends("first.events"))[0]).to.equal(end);
      });

      it("refuses a misplaced end, names the right one, and writes nothing", async () => {
        const { reign, end } = await take(FIRST);
        for (const wrong of [0, end - 1, end + 1]) {
          const answer = await log.append(reign, wrong, rawRecords("a", "b"));
          expect(answer).to.deep.equal({ outcome: "misplaced", end });
        }
        expect((await log.ends("first.events"))[0]).to.equal(end);
      });

      it("refuses one append without harm to those that wait beside it", async () => {
        const taken = await Promise.all(
          [0, 1, 2, 3].map((partition) => take({ ...FIRST, partition })),
        );
        const answers = await Promise.all(
          taken.map(({ reign, end }, index) => {
            return log.append(reign, index === 2 ? 999 : end, rawRecords("a", "b"));
          }),
        );
        const outcomes = answers.map(({ outcome }) => outcome);
        expect(outcomes).to.deep.equal(["appended", "appended", "misplaced", "appended"]);
        expect(await log.ends("first.events")).to.deep.equal([4, 4, 2, 4]);
      });

      it("lets no timestamp fall within a partition", async () => {
        const { reign, end } = await take(FIRST);
        for (let i = 0; i < 50; i += 1) await log.append(reign, end + i, rawRecords("a"));
        const times = (await readAll(log, FIRST)).map(({ timestampMs }) => timestampMs);
        expect(times).to.deep.equal([...times].sort((a, b) => a - b));
        expect(Math.abs(Date.now() - (times.at(-1) as number))).to.be.below(60_000);
      });

      it("rejects a partition that does not exist", async () => {
        const { reign, end } = await take(FIRST);
        for (const unknown of [{ topic: "no.events" }, { partition: 4 }]) {
          const nowhere = { ...reign, ...unknown };
          await rejection(log.append(nowhere, end, rawRecords("a")));
          await rejection(log.claim(nowhere, rawClaim("test")));
          await rejection(log.read(nowhere, 0, ALL));
        }
        await rejection(log.ends("no.events"));
      });

      it("rejects everything once it is closed", async () => {
        const { reign, end } = await take(FIRST);
        const underWay = log.append(reign, end, rawRecords("a"));
        await log.close();
        expect((await underWay).outcome).to.equal("appended");
        await rejection(log.append(reign, end + 1, rawRecords("b")));
        await log.close();
        log = await adapter.open(address, TOPICS);
        expect((await log.ends("first.events"))[0]).to.equal(end + 1);
      });
    });

    describe("reigns", () => {
      it("begin with a claim whose position is the epoch, rising for ever", async () => {
        const one = await log.claim(FIRST, rawClaim("one"));
        await log.append(one, one.epoch + 1, rawRecords("a", "b"));
        const two = await log.claim(FIRST, rawClaim("two"));
        expect([one.epoch, two.epoch]).to.deep.equal([1, 4]);
        const [record] = await log.read(FIRST, two.epoch, ALL);
        expect([record?.key, textOf(record)]).to.deep.equal(["~owner", "two"]);
      });

      it("end with the next claim: a stale owner is refused and nothing is written", async () => {
        const stale = await take(FIRST);
        const fresh = await take(FIRST);
        for (const end of [stale.end, fresh.end]) {
          const answer = await log.append(stale.reign, end, rawRecords("late"));
          expect(answer).to.deep.equal({ outcome: "fenced" });
        }
        expect((await log.ends("first.events"))[0]).to.equal(fresh.end);
        expect(positionOf(await log.append(fresh.reign, fresh.end, rawRecords("a")))).to.equal(
          fresh.end,
        );
      });

      it("hold for one partition only", async () => {
        const mine = await take(FIRST);
        await take(OTHER);
        expect(await log.stillReigns(mine.reign)).to.equal(true);
        const answer = await log.append(mine.reign, mine.end, rawRecords("a"));
        expect(answer.outcome).to.equal("appended");
      });

      it("are known to have ended", async () => {
        const { reign } = await take(FIRST);
        expect(await log.stillReigns(reign)).to.equal(true);
        await take(FIRST);
        expect(await log.stillReigns(reign)).to.equal(false);
      });

      it("are nobody's before the first claim", async () => {
        for (const epoch of [-2, -1, 0, 1]) {
          expect(await log.stillReigns({ ...FIRST, epoch })).to.equal(false);
          const answer = await log.append({ ...FIRST, epoch }, 1, rawRecords("a"));
          expect(answer.outcome).to.equal("fenced");
        }
      });

      it("decide every race of many owners for one outcome", async () => {
        await raceOwners(log, createRandom(printedSeed()));
      });
    });

    describe("reading", () => {
      let end: number;

      beforeEach(async () => {
        const taken = await take(FIRST);
        end = taken.end;
        const records = Array.from({ length: 100 }, (_, i) => rawRecord("x".repeat(100), `k${i}`));
        await log.append(taken.reign, end, records);
      });

      it("gives at most as many records as asked for, from the position on", async () => {
        const records = await log.read(FIRST, end + 10, { ...ALL, maxRecords: 7 });
        assertGapless(records, end + 10);
        expect(records.map(({ key }) => key)).to.deep.equal([
          "k10",
          "k11",
          "k12",
          "k13",
          "k14",
          "k15",
          "k16",
        ]);
      });

      it("gives no fewer than asked for while there are more, however they were appended", async () => {
        const { reign, end: next } = await take(FIRST);
        for (const [from, count] of [
          [0, 30],
          [30, 1],
          [31, 69],
        ] as const) {
          const records = Array.from({ length: count }, (_, i) => rawRecord("y", `${from + i}`));
          await log.append(reign, next + from, records);
        }
        const sizes: number[] = [];
        for (let from = end; from < next + 100; from += sizes.at(-1) as number) {
          const records = await log.read(FIRST, from, { ...ALL, maxRecords: 64 });
          assertGapless(records, from);
          sizes.push(records.length);
        }
        const all = next + 100 - end;
        expect(sizes).to.deep.equal([64, 64, 64, all - 3 * 64]);
      });

      it("stops before the limit of bytes", async () => {
        const records = await log.read(FIRST, end, { ...ALL, maxBytes: 1_000 });
        expect(records.length).to.be.within(5, 9);
        assertGapless(records, end);
      });

      it("gives one record though it alone is beyond the limit of bytes", async () => {
        const records = await log.read(FIRST, end, { ...ALL, maxBytes: 1 });
        expect(records.map(({ position }) => position)).to.deep.equal([end]);
      });

      it("gives nothing at the end and beyond", async () => {
        expect(await log.read(FIRST, end + 100, ALL)).to.deep.equal([]);
        expect(await log.read(FIRST, end + 5_000, ALL)).to.deep.equal([]);
        expect(await log.read(OTHER, 1, ALL)).to.deep.equal([]);
      });

      it("rejects what is no position", async () => {
        for (const wrong of [-1, 0.5, Number.NaN, 2 ** 60]) {
          await rejection(log.read(FIRST, wrong, ALL));
        }
      });

      it("gives a reader of its own the same", async () => {
        const reader = await adapter.openReader(address);
        expect(await readAll(reader, FIRST)).to.deep.equal(await readAll(log, FIRST));
        expect(await reader.ends("first.events")).to.deep.equal(await log.ends("first.events"));
        expect(await reader.logId()).to.equal(await log.logId());
        expect(await reader.topics()).to.deep.equal(await log.topics());
        await reader.close();
      });
    });

    it("keeps everything when it is closed and opened again", async () => {
      const { reign, end } = await take(FIRST);
      await log.append(reign, end, rawRecords("a", "b"));
      const [before, logId] = [await readAll(log, FIRST), await log.logId()];
      await log.close();
      log = await adapter.open(address, TOPICS);
      expect(await readAll(log, FIRST)).to.deep.equal(before);
      expect(await log.logId()).to.equal(logId);
      expect(await log.stillReigns(reign)).to.equal(true);
      expect(positionOf(await log.append(reign, end + 2, rawRecords("c")))).to.equal(end + 2);
    });

    wakingContract(name, () => ({ address, log, take }));
  });
}

function positionOf(answer: AppendResult): number {
  if (answer.outcome !== "appended") throw new Error(`the append was ${answer.outcome}`);
  return answer.firstPosition;
}

/** The error of a promise that must be rejected. */
async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not rejected");
}
