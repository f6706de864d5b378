import { expect } from "chai";
import fc from "fast-check";
import { addDigests, type Digest, digestGeneration, digestRows, EMPTY_DIGEST } from "./digest.ts";
import type { Row, Table, Tables } from "./projection.ts";
import type { StoredRow } from "./read-store.ts";

const table: Table = {
  key: { owner: "text", number: "integer" },
  columns: {
    name: "text",
    count: "integer",
    balance: "decimal",
    ratio: "double",
    open: "boolean",
    document: "json",
  },
};

const ROW: Row = {
  owner: "a",
  number: 1,
  name: "n",
  count: 2,
  balance: "1.5",
  ratio: 0.5,
  open: true,
  document: '{"a":1,"b":[1,2]}',
};

function stored(row: Row, position = 0): StoredRow {
  return { row, partition: "t/0", position };
}

async function digest(rows: readonly Row[], name = "accounts"): Promise<Digest> {
  return digestRows({ name, table, rows: asyncOf(rows.map((row) => stored(row))) });
}

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe("the digest of a generation", () => {
  it("is the same as ever for a known row", async () => {
    const { rows, sum } = await digest([ROW]);
    expect(rows).to.equal(1);
    expect(sum).to.equal(KNOWN_SUM);
  });

  it("depends on every single column, key and null included", async () => {
    const other: Row = {
      owner: "b",
      number: 2,
      name: "m",
      count: 3,
      balance: "1.500000000000000001",
      ratio: 0.5000000000000001,
      open: false,
      document: '{"a":1,"b":[2,1]}',
    };
    const same = await digest([ROW]);
    for (const column of Object.keys(ROW)) {
      const changed = await digest([{ ...ROW, [column]: other[column] ?? null }]);
      expect(changed.sum, column).to.not.equal(same.sum);
      if (column in table.key) continue;
      const nothing = await digest([{ ...ROW, [column]: null }]);
      expect(nothing.sum, `${column} null`).to.not.equal(same.sum);
    }
  });

  it("tells a value from its neighbour column and its table", async () => {
    const swapped = await digest([{ ...ROW, owner: "n", name: "a" }]);
    expect(swapped.sum).to.not.equal((await digest([ROW])).sum);
    expect((await digest([ROW], "other")).sum).to.not.equal((await digest([ROW])).sum);
  });

  it("refuses a column that is missing or not declared, rather than ignore it", async () => {
    const { name: _, ...missing } = ROW;
    for (const row of [missing, { ...ROW, more: 1 }]) {
      const error = await digest([row]).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(RangeError);
    }
  });

  it("finds a row missing, doubled or exchanged for another", async () => {
    const rows = Array.from({ length: 5 }, (_, number) => ({ ...ROW, number }));
    const whole = await digest(rows);
    expect(await digest(rows.slice(1))).to.not.deep.equal(whole);
    expect(await digest([...rows, ROW])).to.not.deep.equal(whole);
    expect(await digest([...rows.slice(1), { ...ROW, number: 9 }])).to.not.deep.equal(whole);
  });

  it("does not depend on the order of rows, and parts add up", async () => {
    const rows = Array.from({ length: 9 }, (_, number) => ({ ...ROW, number }));
    const whole = await digest(rows);
    expect(await digest(rows.toReversed())).to.deep.equal(whole);
    const parts = await Promise.all([digest(rows.slice(0, 4)), digest(rows.slice(4))]);
    expect(parts.reduce(addDigests, EMPTY_DIGEST)).to.deep.equal(whole);
  });

  it("takes decimals by value, doubles by their bits, JSON by its content", async () => {
    const same = [
      { balance: "1.50" },
      { balance: "15e-1" },
      { balance: "0.15E1" },
      { balance: "001.5" },
      { document: '{ "b": [1, 2], "a": 1 }' },
    ];
    const { sum } = await digest([ROW]);
    for (const change of same) expect((await digest([{ ...ROW, ...change }])).sum).to.equal(sum);
    const zero = await digest([{ ...ROW, ratio: 0 }]);
    expect((await digest([{ ...ROW, ratio: -0 }])).sum).to.equal(zero.sum);
  });

  it("refuses what is not a value of its type", async () => {
    const wrong = [
      { balance: "1,5" },
      { balance: "" },
      { balance: "." },
      { ratio: Number.NaN },
      { ratio: Number.POSITIVE_INFINITY },
      { count: 1.5 },
      { count: 2 ** 53 },
      { open: 1 },
      { name: 1 },
    ];
    for (const change of wrong) {
      const error = await digest([{ ...ROW, ...change }]).catch((caught: unknown) => caught);
      expect(error, JSON.stringify(change)).to.be.instanceOf(Error);
    }
  });

  it("brings any spelling of a decimal to the same form", async () => {
    const spelt = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(40));
    await fc.assert(
      fc.asyncProperty(spelt, fc.nat(5), async ([digits, shift], zeros) => {
        const exact = `${digits}e-${shift}`;
        const padded = `${digits}${"0".repeat(zeros)}e-${shift + zeros}`;
        const [a, b] = [
          await digest([{ ...ROW, balance: exact }]),
          await digest([{ ...ROW, balance: padded }]),
        ];
        expect(a).to.deep.equal(b);
      }),
    );
  });

  it("leaves out derived columns and the rows it is told to", async () => {
    const tables: Tables = { accounts: table };
    const read = (rows: readonly StoredRow[]) => ({ rows: () => asyncOf(rows) });
    const derived = new Set(["accounts.ratio"]);
    const one = await digestGeneration(read([stored(ROW)]), tables, { derived });
    const two = await digestGeneration(read([stored({ ...ROW, ratio: 9 })]), tables, { derived });
    expect(one).to.deep.equal(two);
    const late = stored({ ...ROW, number: 7 }, 100);
    const leaveOut = (_: string, { position }: StoredRow) => position > 50;
    const some = await digestGeneration(read([stored(ROW), late]), tables, { leaveOut });
    expect(some).to.deep.equal(await digestGeneration(read([stored(ROW)]), tables));
    expect(some.tables.accounts).to.deep.equal(some.all);
  });
});

/** Computed by a program in another language over the fields as digest.ts describes them. */
const KNOWN_SUM = "61bd2926f9a0fdb1ab9211042ed2b81bb66137560e24db37e6a84d0f6e92ad4f";
