import { expect } from "chai";
import fc from "fast-check";
import type { Row, Table } from "../../runner/projection.ts";
import { DataError } from "../../runner/read-store.ts";
import { serverFault } from "./database.ts";
import { linesOf } from "./points.ts";
import { boundRequest, identifier } from "./query.ts";
import { type InfluxShape, shapedTable } from "./shape.ts";
import { fieldText, nanoseconds, parsedTime, tagText, textOfTag, timeText } from "./text.ts";

const TIME_MS = 1_723_161_255_342;
const ticks: Table = {
  key: { id: "text", timeMs: "integer", ordinal: "integer", era: "integer" },
  columns: { price: "decimal", side: "text" },
  immutable: true,
};
const minutes: Table = {
  key: { id: "text", openMs: "integer" },
  columns: { vwap: "decimal", trades: "integer" },
};
const symbols: Table = { key: { id: "text" }, columns: { symbol: "text" } };
const shapes: Record<string, InfluxShape> = {
  ticks: {
    tags: ["id", "side", "era"],
    time: { msColumn: "timeMs", nsColumn: "ordinal", nsBelow: 1_000_000 },
  },
  minutes: { tags: ["id"], time: { msColumn: "openMs", nsColumn: null, nsBelow: 60_000_000_000 } },
};
const tables = new Map(
  Object.entries({ ticks, minutes, symbols }).map(([name, table]) => {
    return [name, shapedTable(name, table, shapes[name])];
  }),
);
const tick = { id: "b:A-B", timeMs: TIME_MS, ordinal: 7, era: 0, price: "1.5", side: "buy" };
const minute = { id: "b:A-B", openMs: 60_000, vwap: "2.5", trades: 3 };

function lines(table: string, row: Row, deleted?: true): string[] {
  const change = { table, row, position: 5, ...(deleted && { deleted }) };
  return linesOf(tables, "m.events/0", [change]);
}

describe("lines for InfluxDB", () => {
  it("give a tick a nanosecond of its own, and its day", () => {
    const tags = "_partition=m.events/0,id=b:A-B,side=buy";
    expect(lines("ticks", tick)).to.deep.equal([
      "_days,_partition=m.events/0,_table=ticks,id=b:A-B day=19943i 19943",
      `ticks,${tags} price=1.5,_position=5i 1723161255342000007`,
    ]);
    const late = lines("ticks", { ...tick, ordinal: 999_999, era: 2 });
    expect(late[1])
      .to.include(",era=2,")
      .and.to.match(/ 1723161255342999999$/);
  });

  it("keep the text of a decimal that no double prints", () => {
    for (const price of ["0.1234567890123456789", "0.0000001", "1.50"]) {
      const [, line] = lines("ticks", { ...tick, price });
      expect(line).to.include(`,price_text="${price}",`);
    }
  });

  it("give each version of a row its own time, and every field", () => {
    expect(lines("minutes", minute)[1]).to.match(
      /^minutes,.* _deleted=false,vwap=2.5,vwap_text="2.5",trades=3i,_position=5i 60000000005$/,
    );
    expect(lines("minutes", { ...minute, vwap: null })[1]).to.include('vwap=0,vwap_text=""');
    expect(lines("minutes", minute, true)[1]).to.match(/ _deleted=true,_position=5i 60000000005$/);
    expect(lines("symbols", { id: "a", symbol: 'x "y"' })).to.deep.equal([
      'symbols,_partition=m.events/0,id=a _deleted=false,symbol="x \\"y\\"",_position=5i 5',
    ]);
  });

  it("say where a row began of which they stand for several changes", () => {
    const change = { table: "symbols", row: { id: "a", symbol: "x" }, position: 5 };
    const [several, anew] = linesOf(tables, "m.events/0", [
      { ...change, first: 3 },
      { ...change, first: 4, begins: true },
    ]);
    expect(several).to.match(/,_first=3i,_position=5i 5$/);
    expect(anew).to.match(/,_first=4i,_begins=true,_position=5i 5$/);
  });

  it("are refused where a point could not hold the row, or would fall on another's", () => {
    const refused: readonly (readonly [string, Row])[] = [
      ["ticks", { ...tick, ordinal: 1_000_000 }],
      ["ticks", { ...tick, timeMs: 9_223_372_036_854 }],
      ["ticks", { ...tick, price: "1e5" }],
      ["ticks", { ...tick, side: null }],
      ["minutes", { ...minute, openMs: 60_001 }],
      ["nothing", tick],
    ];
    for (const [table, row] of refused) expect(() => lines(table, row)).to.throw(DataError);
    expect(() => lines("ticks", tick, true)).to.throw(DataError);
  });
});

describe("texts and times of InfluxDB", () => {
  it("come back from a tag as they went in, and need no escapes there", () => {
    const property = fc.property(fc.string({ unit: "binary" }), (text) => {
      const tag = tagText(text);
      expect(textOfTag(tag)).to.equal(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(tag).to.match(/^[^\u0000- "',=\\]+$/);
    });
    fc.assert(property);
    expect(tagText("")).to.equal("%");
  });

  it("are escaped in a field", () => {
    expect(fieldText('a "b" \\')).to.equal('"a \\"b\\" \\\\"');
  });

  it("name the nanosecond exactly, before 1970 too", () => {
    expect(timeText(-1, 1)).to.equal("-999999");
    expect(timeText(0, 12)).to.equal("12");
    expect(timeText(60_000, 3_000_001)).to.equal("60003000001");
    expect(parsedTime("2024-08-08T23:54:15.342000007Z")).to.deep.equal({ ms: TIME_MS, ns: 7 });
    expect(parsedTime("1970-01-01T00:00:00Z")).to.deep.equal({ ms: 0, ns: 0 });
    expect(nanoseconds(Number.MAX_SAFE_INTEGER)).to.equal(9_223_372_036_853_000_000n);
  });
});

describe("queries to InfluxDB", () => {
  it("bind every value, times in nanoseconds among them", () => {
    const statements = [
      { text: "SELECT a FROM b WHERE c = ? AND time < ?", values: ["it's", 2n ** 60n] },
      { text: "SELECT a FROM b WHERE d = ?", values: [1] },
    ];
    const request = new URLSearchParams(boundRequest(statements));
    expect(request.get("q")).to.equal(
      "SELECT a FROM b WHERE c = $p0 AND time < $p1;\nSELECT a FROM b WHERE d = $p2",
    );
    expect(request.get("params")).to.equal('{"p0":"it\'s","p1":1152921504606846976,"p2":1}');
  });

  it("are refused with a value too many or too few, or a name that is none", () => {
    for (const values of [[], [1, 2]]) {
      expect(() => boundRequest([{ text: "a = ?", values }])).to.throw(RangeError);
    }
    for (const name of ['a"b', "a\\b", "a?"]) {
      expect(() => identifier(name)).to.throw(RangeError);
    }
  });

  it("go to servers of 1.x, and of 2 from 2.7 on", () => {
    expect([serverFault(null), serverFault("1.8.10")]).to.deep.equal([null, null]);
    expect([serverFault("v2.7.12"), serverFault("v2.10.0")]).to.deep.equal([null, null]);
    expect(serverFault("v2.6.1")).to.include("version v2.6.1");
    expect(serverFault("3.4.0")).to.include("version 3.4.0");
  });
});
