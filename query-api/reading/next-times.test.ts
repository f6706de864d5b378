import { expect } from "chai";
import { MemoryLog, TOPIC } from "../../projections/runner/runner.fixture.ts";
import { NextTimes } from "./next-times.ts";

/** When the log of the fixture has just been written. */
const NOW_MS = 1_700_000_000_010;
const KEY = `${TOPIC}/0` as const;

describe("the times of the next records", () => {
  it("are those of the log, read once for all who ask about the same or a little later", async () => {
    const { log, reads } = countedLog();
    const times = new NextTimes(log, () => NOW_MS);
    const [record] = await log.read({ topic: TOPIC, partition: 0 }, 3, { maxRecords: 1 });
    reads.count = 0;
    const all = await Promise.all([3, 3, 4, 5].map((position) => times.timeOf(KEY, position)));
    expect(new Set(all)).to.deep.equal(new Set([record?.timestampMs]));
    expect(reads.count).to.equal(1);
  });

  it("are their own for who is ahead of somebody that is far behind", async () => {
    const { log } = countedLog();
    const times = new NextTimes(log, () => NOW_MS + 60_000);
    const behind = (await times.timeOf(KEY, 2)) as number;
    expect(await times.timeOf(KEY, 5)).to.equal(behind + 3);
  });

  it("are read anew for who asks about an earlier one", async () => {
    const { log } = countedLog();
    const times = new NextTimes(log, () => NOW_MS);
    const later = (await times.timeOf(KEY, 5)) as number;
    expect(await times.timeOf(KEY, 3)).to.equal(later - 2);
  });

  it("are null at the end, and asked again when reading fails", async () => {
    const { log } = countedLog();
    const times = new NextTimes(log, () => NOW_MS);
    expect(await times.timeOf(KEY, 100)).to.equal(null);
    log.failReads = 1;
    expect(await times.timeOf(KEY, 4).catch((error: Error) => error.message)).to.match(
      /not answer/,
    );
    expect(await times.timeOf(KEY, 4)).to.be.a("number");
  });
});

function countedLog() {
  const log = new MemoryLog();
  for (let value = 0; value < 6; value += 1) log.count("c-1", value);
  const reads = { count: 0 };
  const read = log.read.bind(log);
  log.read = (...parameters) => {
    reads.count += 1;
    return read(...parameters);
  };
  return { log, reads };
}
