import { expect } from "chai";
import type { LogReader } from "../../platform/log/log.ts";
import { highestClaimAt } from "./highest-claim.ts";
import { MemoryLog, TOPIC } from "./runner.fixture.ts";

const PARTITION = { topic: TOPIC, partition: 0 };

/** A log whose events have lost their epoch. */
function illegible(log: MemoryLog): LogReader {
  const read: LogReader["read"] = async (...asked) => {
    const records = await log.read(...asked);
    return records.map((record) => ({ ...record, headers: { ...record.headers, ce_epoch: "?" } }));
  };
  return Object.assign(Object.create(log) as MemoryLog, { read });
}

describe("the highest claim where a stream is parked", () => {
  it("is the event's own epoch", async () => {
    const log = new MemoryLog();
    const epoch = log.claim();
    expect(await highestClaimAt(log, PARTITION, log.count("a", 1, { epoch }))).to.equal(epoch);
  });

  it("is sought back in the log where the event has no legible one", async () => {
    for (const since of [0, 1, 999, 1_000, 2_500]) {
      const log = new MemoryLog();
      log.claim();
      const claim = log.claim();
      for (let i = 0; i < since; i += 1) log.count("a", i);
      const position = log.count("a", 1);
      log.claim();
      expect(await highestClaimAt(illegible(log), PARTITION, position), `${since}`).to.equal(claim);
    }
  });
});
