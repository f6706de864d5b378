import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import {
  type Log,
  type Moved,
  type PartitionRef,
  partitionKey,
  type Reign,
} from "../../../platform/log/log.ts";
import { type LogAdapter, type LogAdapterName, logAdapters } from "./adapters.ts";
import { LogChild } from "./child-process.ts";
import { countCalls } from "./count-calls.ts";
import { rawRecords } from "./raw-records.ts";

const FIRST: PartitionRef = { topic: "first.events", partition: 0 };
const OTHER: PartitionRef = { topic: "first.events", partition: 3 };

/** The log of the running test. */
export interface OpenedLog {
  readonly address: string;
  readonly log: Log;
  take(partition: PartitionRef): Promise<{ reign: Reign; end: number }>;
}

/** How listeners hear of appends, whoever makes them; within the contract of the log. */
export function wakingContract(name: LogAdapterName, opened: () => OpenedLog): void {
  const adapter: LogAdapter = logAdapters[name];

  describe("waking up", () => {
    let address: string;
    let log: Log;
    let take: OpenedLog["take"];

    beforeEach(() => {
      ({ address, log, take } = opened());
    });

    it("tells listeners of the same thread, once for many appends at once", async () => {
      const { reign, end } = await take(FIRST);
      const counter = countCalls(log);
      await sleep(100);
      expect(counter.calls()).to.equal(0);
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => log.append(reign, end + i, rawRecords("a"))),
      );
      await counter.reached(1);
      await sleep(100);
      expect(counter.calls()).to.be.within(1, 50);
      counter.stop();
    });

    it("tells a reader that was opened beside the log", async () => {
      const reader = await adapter.openReader(address);
      const counter = countCalls(reader);
      await take(FIRST);
      await counter.reached(1);
      expect((await reader.ends("first.events"))[0]).to.equal(2);
      await reader.close();
    });

    it("says where records were added, or that it may be anywhere", async () => {
      const seen: Moved[] = [];
      const stop = log.onAppended((moved) => seen.push(moved));
      const counter = countCalls(log);
      await take(OTHER);
      await counter.reached(1);
      const [keys] = seen.map((moved) => (moved === null ? null : [...moved]));
      expect(keys ?? [partitionKey(OTHER)]).to.deep.equal([partitionKey(OTHER)]);
      counter.stop();
      stop();
    });

    it("tells nobody after the subscription has ended", async () => {
      const [ended, other] = [countCalls(log), countCalls(log)];
      ended.stop();
      await take(FIRST);
      await other.reached(1);
      expect(ended.calls()).to.equal(0);
      other.stop();
    });

    it("tells another thread", async () => {
      const file = new URL("./listening-thread.ts", import.meta.url);
      const worker = new Worker(file, { workerData: { adapter: name, address } });
      await once(worker, "message");
      const told = once(worker, "message");
      await take(FIRST);
      expect(await told).to.deep.equal([1]);
      worker.postMessage("close");
      await once(worker, "exit");
    });

    it("tells of appends by another process", async () => {
      const child = new LogChild(name, address);
      await child.ask({ order: "open" });
      const counter = countCalls(log);
      for (let round = 1; round <= 5; round += 1) {
        const calls = counter.calls();
        await child.ask({ order: "decide", partition: FIRST });
        await counter.reached(calls + 1);
        expect((await log.ends("first.events"))[0]).to.equal(1 + round);
      }
      counter.stop();
      await child.end();
    });
  });
}
