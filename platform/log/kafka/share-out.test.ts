import { expect } from "chai";
import fc from "fast-check";
import { type Partitions, type Sharer, shareOut } from "./share-out.ts";

const SIZES = new Map([
  ["market", 4],
  ["portfolio", 4],
  ["operations", 1],
  ["social", 1],
]);

function sharer(id: string, held: Partitions = {}, heldSinceMs = 0, startedAtMs = 0): Sharer {
  return { id, startedAtMs, held, heldSinceMs };
}

function listOf(partitions: Partitions): string[] {
  return Object.entries(partitions).flatMap(([topic, all]) => all.map((one) => `${topic}/${one}`));
}

const sizes = fc
  .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 })
  .map((counts) => new Map(counts.map((count, index) => [`topic-${index}`, count])));

/** Members that say of any partition that they hold it. */
const sharers = fc
  .array(
    fc.record({
      held: fc.dictionary(
        fc.constantFrom("topic-0", "topic-1", "topic-2", "gone"),
        fc.uniqueArray(fc.integer({ min: 0, max: 14 }), { maxLength: 12 }),
      ),
      heldSinceMs: fc.nat(5),
      startedAtMs: fc.nat(5),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((all) => all.map((one, index): Sharer => ({ id: `m-${index}`, ...one })));

/** The members after the group has settled: each holds what it was given. */
function settled(before: readonly Sharer[], sizesOf: ReadonlyMap<string, number>): Sharer[] {
  const shares = shareOut(before, sizesOf);
  return before.map((one) => ({ ...one, held: shares.get(one.id) ?? {}, heldSinceMs: 9 }));
}

describe("partitions that are shared out", () => {
  it("are each one member's, and evenly so, in every topic and in all", () => {
    fc.assert(
      fc.property(sharers, sizes, (all, sizesOf) => {
        const shares = [...shareOut(all, sizesOf).values()];
        const given = shares.flatMap(listOf).toSorted();
        const there = [...sizesOf].flatMap(([topic, size]) => {
          return Array.from({ length: size }, (_, partition) => `${topic}/${partition}`);
        });
        expect(given).to.deep.equal(there.toSorted());
        const differences = [...sizesOf.keys()].map((topic) => {
          return spread(shares.map((share) => share[topic]?.length ?? 0));
        });
        differences.push(spread(shares.map((share) => listOf(share).length)));
        expect(Math.max(...differences)).to.be.at.most(1);
      }),
    );
  });

  it("stay where they are as long as the members are the same", () => {
    fc.assert(
      fc.property(sharers, sizes, (all, sizesOf) => {
        const members = settled(all, sizesOf);
        const again = shareOut(members, sizesOf);
        for (const { id, held } of members) {
          expect(listOf(again.get(id) ?? {}).toSorted()).to.deep.equal(listOf(held).toSorted());
        }
      }),
    );
  });

  it("move to who joins, and no others: its share is all that changes hands", () => {
    fc.assert(
      fc.property(sharers, sizes, (all, sizesOf) => {
        const members = settled(all, sizesOf);
        const shares = shareOut([...members, sharer("new", {}, 0, 99)], sizesOf);
        const kept = members.flatMap(({ id, held }) => {
          const now = new Set(listOf(shares.get(id) ?? {}));
          return listOf(held).filter((one) => now.has(one));
        });
        const moved = [...sizesOf.values()].reduce((sum, size) => sum + size, 0) - kept.length;
        const limit = listOf(shares.get("new") ?? {}).length + sizesOf.size;
        expect(moved).to.be.at.most(limit);
      }),
    );
  });

  it("are all the only member's", () => {
    const shares = shareOut([sharer("a")], SIZES);
    expect(listOf(shares.get("a") ?? {})).to.have.length(10);
  });

  it("are his who was given them last, where two hold the same", () => {
    const asleep = sharer("asleep", { operations: [0] }, 1_000, 1);
    const awake = sharer("awake", { operations: [0] }, 2_000, 2);
    const only = new Map([["operations", 1]]);
    expect(shareOut([asleep, awake], only).get("awake")).to.deep.equal({ operations: [0] });
  });
});

function spread(counts: readonly number[]): number {
  return Math.max(...counts) - Math.min(...counts);
}
