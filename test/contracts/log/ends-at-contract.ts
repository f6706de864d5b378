import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type LogAdapter, type LogAdapterName, logAdapters, TOPICS } from "./adapters.ts";
import { rawClaim, rawRecords, readAll } from "./raw-records.ts";

const TOPIC = "first.events";
const PARTITIONS = [0, 1, 2, 3];

/** Where partitions ended at a time, by the times of their records. */
export function endsAtContract(name: LogAdapterName): void {
  const adapter: LogAdapter = logAdapters[name];

  it(`knows where each partition ended at a time: ${name}`, async () => {
    const address = adapter.create();
    const log = await adapter.open(address, TOPICS);
    try {
      const reign = await log.claim({ topic: TOPIC, partition: 3 }, rawClaim("test"));
      for (let i = 1; i <= 5; i += 1) {
        await sleep(3);
        await log.append(reign, reign.epoch + i, rawRecords("later"));
      }
      const read = PARTITIONS.map((partition) => readAll(log, { topic: TOPIC, partition }));
      const records = await Promise.all(read);
      const times = new Set(records.flat().map(({ timestampMs }) => timestampMs));
      const around = [...times].flatMap((time) => [time - 1, time]);
      for (const time of [0, ...around, Date.now() + 9e9]) {
        const until = records.map((of) => of.filter((one) => one.timestampMs <= time).length);
        expect(await log.endsAt(TOPIC, time), String(time)).to.deep.equal(until);
      }
      const unknown = await log.endsAt("no.events", 0).catch((error: Error) => error.message);
      expect(unknown).to.include("no.events");
    } finally {
      await log.close();
      await adapter.remove(address);
    }
  });
}
