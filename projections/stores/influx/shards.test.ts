import { expect } from "chai";
import { shardsOf, WrittenShards } from "./shards.ts";

const line = (iso: string) => `ticks,instrumentId=a price=1 ${Date.parse(iso)}000000`;
const SUNDAY = line("2026-11-22T23:59:59.999Z");
const MONDAY = line("2026-11-23T00:00:00.000Z");
const FRIDAY = line("2026-11-27T12:00:00.000Z");
const POSITION = "_checkpoints,partition=market.events/0 next=7i 7";

describe("the shards that were written", () => {
  it("may be idle before they were, each of its own week", () => {
    const shards = new WrittenShards();
    expect(shards.mayBeIdle(shardsOf([MONDAY]), 0)).to.equal(true);
    shards.written(shardsOf([MONDAY]), 0);
    expect(shards.mayBeIdle(shardsOf([FRIDAY]), 1)).to.equal(false);
    expect(shards.mayBeIdle(shardsOf([FRIDAY, SUNDAY]), 1)).to.equal(true);
  });

  it("may be idle again when nobody has written for long", () => {
    const shards = new WrittenShards();
    shards.written(shardsOf([MONDAY]), 0);
    expect(shards.mayBeIdle(shardsOf([MONDAY]), 300_000)).to.equal(false);
    expect(shards.mayBeIdle(shardsOf([MONDAY]), 300_001)).to.equal(true);
  });

  it("are of the beginning of time for points that stand at positions", () => {
    const shards = new WrittenShards();
    shards.written(shardsOf([POSITION]), 0);
    expect(shards.mayBeIdle(shardsOf(["_checkpoints,partition=a next=1i 1999999999"]), 1)).to.equal(
      false,
    );
    expect(shards.mayBeIdle(shardsOf([MONDAY]), 1)).to.equal(true);
  });
});
