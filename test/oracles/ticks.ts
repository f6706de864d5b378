import { expect } from "chai";
import {
  answeredCandles,
  pagesOf,
  pushTo,
  REFERENCES,
  referenceCandles,
  sortedValues,
  ticksByInstrument,
  tickText,
} from "./data.ts";

export const TICKS_IN_ALL_FILES = 102_461;

/** Cases: all sample ticks and the candles of them, as the API tells them. */
export function toldByQueries(data: string, url: () => string): void {
  it("are all there, with their own figures, when the instruments are asked page by page", async () => {
    const expected = ticksByInstrument(data);
    const stored = new Map<string, string[]>();
    for (const id of expected.keys()) {
      const ticks = await pagesOf(url(), `/v1/instruments/${id}/ticks`);
      for (const tick of ticks)
        pushTo(stored, id, tickText(tick as Parameters<typeof tickText>[0]));
    }
    const all = [...stored.values()].reduce((sum, { length }) => sum + length, 0);
    expect(all).to.equal(TICKS_IN_ALL_FILES);
    expectSame(linesOf(sortedValues(stored)), linesOf(expected));
  }).timeout(120_000);

  for (const reference of REFERENCES) {
    it(`make the ${reference.interval} candles of ${reference.file}, to the last digit`, async () => {
      for (const [id, expected] of referenceCandles(data, reference)) {
        const candles = await answeredCandles(url(), id, { ...reference, expected });
        expectSame(candles, expected);
      }
    });
  }
}

/** Says the first difference, for all of them would be too much to read. */
export function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  const at = expected.findIndex((one, index) => {
    return JSON.stringify(sorted(one)) !== JSON.stringify(sorted(actual[index]));
  });
  if (at >= 0) expect(actual[at], `the first difference, at ${at}`).to.deep.equal(expected[at]);
  expect(actual.length).to.equal(expected.length);
}

function sorted(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).sort() : value;
}

function linesOf(lists: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...lists].flatMap(([id, lines]) => lines.map((line) => `${id} ${line}`));
}
