import { expect } from "chai";
import fc from "fast-check";
import type { LogReader, LogRecord, PartitionKey, Positions } from "../../platform/log/log.ts";
import { parsePartitionKey, partitionKey } from "../../platform/log/log.ts";
import { cutAt, isClosed } from "./cut.ts";

const TOPICS = { "causes.events": 2, "effects.events": 2, "others.events": 1 };
const PARTITIONS = Object.entries(TOPICS).flatMap(([topic, count]) => {
  return Array.from({ length: count }, (_, partition) => partitionKey({ topic, partition }));
});
/** Clocks of two writers differ by at most so much. */
const SKEW_MS = 20;

/** An event, in the order in which it really happened. */
interface Happened {
  readonly partition: PartitionKey;
  readonly tookMs: number;
  readonly clockMs: number;
  /** Which of those that happened before caused it: a fraction of all; `null`: none. */
  readonly cause: number | null;
}

const happened: fc.Arbitrary<readonly Happened[]> = fc.array(
  fc.record({
    partition: fc.constantFrom(...PARTITIONS),
    tookMs: fc.integer({ min: 0, max: 6 }),
    clockMs: fc.integer({ min: -SKEW_MS / 2, max: SKEW_MS / 2 }),
    cause: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true })),
  }),
  { maxLength: 60 },
);

type Log = ReadonlyMap<PartitionKey, readonly LogRecord[]>;

describe("a cut", () => {
  it("has no event without its cause, and leaves out no other", async () => {
    const property = fc.asyncProperty(
      happened,
      fc.integer({ min: 0, max: 400 }),
      async (all, at) => {
        const log = written(all);
        const moment = { timeMs: at, ends: new Map() };
        const parts = { log: readerOf(log), topics: Object.keys(TOPICS), moment };
        const { positions, lagMs } = await cutAt({ ...parts, skewMs: 10_000 });
        expect(positions).to.deep.equal(expected(log, at));
        expect(lagMs).to.equal(at - oldestLeftOut(log, positions, at));
        expect(isClosed(causesIn(log, positions), { positions })).to.equal(true);
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });

  it("is not taken for one where clocks differ by more than was thought", async () => {
    const found = fc.asyncProperty(happened, fc.integer({ min: 0, max: 400 }), async (all, at) => {
      const log = written(all);
      const moment = { timeMs: at, ends: new Map() };
      const parts = { log: readerOf(log), topics: Object.keys(TOPICS), moment };
      const { positions } = await cutAt({ ...parts, skewMs: 1 });
      const isRight = [...expected(log, at)].every(([key, end]) => positions.get(key) === end);
      expect(isClosed(causesIn(log, positions), { positions })).to.equal(isRight);
    });
    await fc.assert(found, { numRuns: 500 });
  });

  it("ends where the moment names a partition's end", async () => {
    const log = written([
      { partition: "causes.events/0", tookMs: 1, clockMs: 0, cause: null },
      { partition: "causes.events/0", tookMs: 0, clockMs: 0, cause: null },
      { partition: "others.events/0", tookMs: 0, clockMs: 0, cause: null },
    ]);
    const moment = { timeMs: 1, ends: new Map([["causes.events/0", 1]] as const) };
    const topics = Object.keys(TOPICS);
    const { positions } = await cutAt({ log: readerOf(log), topics, moment, skewMs: 5 });
    expect(positions.get("causes.events/0")).to.equal(1);
    expect(positions.get("others.events/0")).to.equal(1);
  });
});

/** By the writers' clocks, which never go back within a partition. */
function written(all: readonly Happened[]): Log {
  const log = new Map<PartitionKey, LogRecord[]>(PARTITIONS.map((key) => [key, []]));
  const places: string[] = [];
  let nowMs = 0;
  for (const { partition, tookMs, clockMs, cause } of all) {
    nowMs += tookMs;
    const records = log.get(partition) as LogRecord[];
    const timestampMs = Math.max(nowMs + clockMs, records.at(-1)?.timestampMs ?? 0);
    const from = cause === null ? undefined : places[Math.floor(cause * places.length)];
    const headers = { ...(from === undefined ? {} : { ce_causationposition: from }) };
    const position = records.length;
    records.push({ position, timestampMs, key: "k", value: new Uint8Array(), headers });
    places.push(`${partition}/${position}`);
  }
  return log;
}

/** What stays when every event is taken away, with all after it, whose cause is away. */
function expected(log: Log, at: number): Positions {
  const ends = new Map(PARTITIONS.map((key) => [key, before(log, key, at).length]));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const key of PARTITIONS) {
      const end = ends.get(key) as number;
      const stays = (log.get(key) ?? []).slice(0, end).findIndex(({ headers }) => {
        const [cause, position] = causeOf(headers["ce_causationposition"]);
        return cause !== null && position >= (ends.get(cause) as number);
      });
      if (stays === -1) continue;
      ends.set(key, stays);
      isChanged = true;
    }
  }
  return ends;
}

function before(log: Log, key: PartitionKey, at: number): readonly LogRecord[] {
  return (log.get(key) ?? []).filter(({ timestampMs }) => timestampMs <= at);
}

function oldestLeftOut(log: Log, positions: Positions, at: number): number {
  const left = PARTITIONS.flatMap((key) => before(log, key, at).slice(positions.get(key)));
  return Math.min(at, ...left.map(({ timestampMs }) => timestampMs));
}

function causesIn(log: Log, positions: Positions): Positions {
  const causes = new Map<PartitionKey, number>();
  for (const [key, end] of positions) {
    for (const { headers } of (log.get(key) ?? []).slice(0, end)) {
      const [cause, position] = causeOf(headers["ce_causationposition"]);
      if (cause !== null) causes.set(cause, Math.max(position + 1, causes.get(cause) ?? 0));
    }
  }
  return causes;
}

function causeOf(text: string | undefined): [PartitionKey | null, number] {
  if (text === undefined) return [null, 0];
  const slash = text.lastIndexOf("/");
  return [text.slice(0, slash) as PartitionKey, Number(text.slice(slash + 1))];
}

function readerOf(log: Log): LogReader {
  const recordsOf = (topic: string) => {
    return PARTITIONS.filter((key) => parsePartitionKey(key).topic === topic).map((key) => {
      return log.get(key) as readonly LogRecord[];
    });
  };
  return {
    topics: async () => new Map(Object.entries(TOPICS)),
    logId: async () => "a log",
    read: async (partition, from, { maxRecords }) => {
      return (log.get(partitionKey(partition)) ?? []).slice(from, from + maxRecords);
    },
    ends: async (topic) => recordsOf(topic).map(({ length }) => length),
    endsAt: async (topic, atMs) => {
      const until = ({ timestampMs }: LogRecord) => timestampMs <= atMs;
      return recordsOf(topic).map((records) => records.filter(until).length);
    },
    onAppended: () => () => undefined,
    close: async () => undefined,
  };
}
