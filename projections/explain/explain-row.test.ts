import { expect } from "chai";
import fc from "fast-check";
import { printedSeed } from "../../test/contracts/log/seed.ts";
import { rejection } from "../../test/contracts/read-store/disturbances.ts";
import type { Change, Projection, Row } from "../runner/projection.ts";
import type { ParkedStream, RowOrigin } from "../runner/read-store.ts";
import { type Counted, counters, MemoryLog, memoryCodec } from "../runner/runner.fixture.ts";
import { type ExplainPage, explainRow } from "./explain-row.ts";

const PARTITION = "counters.events/0";

type More = Partial<Parameters<typeof explainRow>[1] & Parameters<typeof explainRow>[2]> & {
  readonly parked?: readonly ParkedStream[];
  readonly discarded?: readonly number[];
};

/** A value of 0 deletes the counter's row. */
const tallies: Projection<Counted> = {
  ...counters,
  project: (recorded): readonly Change[] => {
    const { aggregateId: counter, event } = recorded;
    if (event.data.value !== 0) return counters.project(recorded);
    return [{ table: "counters", row: { counter }, deleted: true }];
  },
};

describe("the explanation of a row", () => {
  let log: MemoryLog;

  beforeEach(() => {
    log = new MemoryLog();
  });

  it("is each event that wrote it, with the row after and the columns that it changed", async () => {
    const first = log.count("a", 1);
    log.count("b", 9);
    const second = log.count("a", 1);
    const last = log.count("a", 2);
    log.count("a", 3);
    const page = await explain({ value: 2 }, [first, last]);
    expect(told(page)).to.deep.equal([
      [first, 1, ["value"]],
      [second, 1, []],
      [last, 2, ["value"]],
    ]);
    expect(page).to.deep.include({
      verdict: { agrees: true, differs: [] },
      faults: [],
      next: null,
    });
  });

  it("begins with the event that made the row, and shows a deletion in its span", async () => {
    log.count("a", 7);
    const first = log.count("a", 1);
    const deletion = log.count("a", 0);
    const last = log.count("a", 2);
    const page = await explain({ value: 2 }, [first, last]);
    expect(told(page)).to.deep.equal([
      [first, 1, ["value"]],
      [deletion, null, ["value"]],
      [last, 2, ["value"]],
    ]);
  });

  it("leaves out what is void by a claim before its first event, and by one after", async () => {
    const second = log.claim();
    const first = log.count("a", 1, { epoch: second });
    log.count("a", 66, { epoch: 1 });
    const third = log.claim();
    log.count("a", 67, { epoch: second });
    const last = log.count("a", 2, { epoch: third });
    log.count("a", 68, { epoch: 1 });
    for (const scannedRecords of [1, 2, 100]) {
      const limits = { scannedRecords, spanRecords: 100 };
      const pages = await inPages({ value: 2 }, [first, last], { limits });
      expect(pages.flatMap(told).map(([position]) => position)).to.deep.equal([first, last]);
      expect(pages.at(-1)?.verdict?.agrees).to.equal(true);
    }
  });

  it("leaves out what is set aside", async () => {
    const first = log.count("a", 1);
    const parked = log.count("a", 5);
    const stream = { stream: "a", position: parked, sequence: 2, reason: "why" };
    const page = await explain({ value: 1 }, [first, first], { parked: [stream] });
    expect(told(page)).to.deep.equal([[first, 1, ["value"]]]);
    const beyond = await explain({ value: 5 }, [first, parked], { parked: [stream] });
    expect(beyond.verdict).to.deep.equal({ agrees: false, differs: ["value"] });
  });

  it("leaves out what was given up", async () => {
    const first = log.count("a", 1);
    const discarded = log.count("a", 5);
    const last = log.count("a", 2);
    const page = await explain({ value: 2 }, [first, last], { discarded: [discarded] });
    expect(told(page).map(([position]) => position)).to.deep.equal([first, last]);
  });

  it("says where a stored row is not what its events make of it", async () => {
    const first = log.count("a", 1);
    const last = log.count("a", 2);
    const planted = await explain({ value: 3 }, [first, last]);
    expect(planted.verdict).to.deep.equal({ agrees: false, differs: ["value"] });
    const other = log.count("b", 2);
    const misplaced = await explain({ value: 2 }, [first, other]);
    expect(misplaced.verdict?.agrees, "its last event is another row's").to.equal(false);
    const beyond = await explain({ value: 2 }, [first, other + 5]);
    expect(beyond.verdict?.agrees, "the log ends before it").to.equal(false);
  });

  it("tells of events that cannot be projected", async () => {
    const first = log.count("a", 1);
    const bad = log.count("b", -1);
    const last = log.count("a", 2);
    const page = await explain({ value: 2 }, [first, last]);
    const reason = "the projection cannot do this";
    expect(page.faults).to.deep.equal([{ position: bad, stream: "b", reason }]);
  });

  it("is told in pages of so many events, and of so many records", async () => {
    const seed = printedSeed();
    const event = fc.record({ counter: fc.constantFrom("a", "b"), value: fc.nat(3) });
    const sizes = fc.record({ limit: fc.integer({ min: 1, max: 4 }), scanned: fc.nat(5) });
    const property = fc.asyncProperty(fc.array(event), sizes, async (events, size) => {
      log = new MemoryLog();
      const first = log.count("a", 1);
      for (const { counter, value } of events) log.count(counter, value);
      const last = log.count("a", 4);
      const whole = await explain({ value: 4 }, [first, last]);
      const limits = { scannedRecords: size.scanned + 1, spanRecords: 1_000 };
      const pages = await inPages({ value: 4 }, [first, last], { limits, limit: size.limit });
      for (const { events: some } of pages) expect(some.length).to.be.at.most(size.limit);
      expect(pages.flatMap(told)).to.deep.equal(told(whole));
      expect(pages.at(-1)?.verdict).to.deep.equal({ agrees: true, differs: [] });
    });
    await fc.assert(property, { seed, numRuns: 100 });
  });

  it("is refused where its events stand among too many records", async () => {
    const limits = { scannedRecords: 10, spanRecords: 3 };
    const first = log.count("a", 1);
    for (let i = 0; i < 3; i += 1) log.count("b", 1);
    const last = log.count("a", 2);
    const refused = await rejection(explain({ value: 2 }, [first, last], { limits }));
    expect(refused).to.have.property("code", "RANGE_TOO_LARGE");
    expect(String(refused)).to.include(`5 records of ${PARTITION}`);
  });

  /** Each page from where the one before it ended. */
  async function inPages(
    columns: Row,
    span: readonly [number, number],
    more: More,
  ): Promise<ExplainPage[]> {
    const page = await explain(columns, span, more);
    if (page.next === null) return [page];
    return [page, ...(await inPages(columns, span, { ...more, after: page.next }))];
  }

  function explain(
    columns: Row,
    [first, position]: readonly [number, number],
    more: More = {},
  ): Promise<ExplainPage> {
    const { parked = [], discarded = [], after = null, limit = 100, limits } = more;
    const row = { counter: "a", ...columns };
    const origin: RowOrigin = { row, partition: PARTITION, position, first };
    const projection = tallies as Projection;
    const explained = { projection, table: "counters", origin, parked, discarded };
    const parts = { log, codec: memoryCodec, ...(limits && { limits }) };
    return explainRow(explained, { after, limit }, parts);
  }
});

function told({ events }: ExplainPage): [number, unknown, readonly string[]][] {
  return events.map(({ event, row, changed }) => [
    event.position,
    row && (row["value"] ?? null),
    changed,
  ]);
}
