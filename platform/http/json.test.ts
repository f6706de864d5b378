import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import fc from "fast-check";
import { PlatformError } from "../errors/catalogue.ts";
import { NumberText } from "../fields/fields.ts";
import { parseJson } from "./json.ts";

function errorOf(text: string): PlatformError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error(`was read: ${text}`);
}

describe("parseJson", () => {
  it("reads every value that JSON.stringify writes, as JSON.parse does", () => {
    const values = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).deep.equal(JSON.parse(text));
      }),
    );
  });

  it("keeps the digits of a number that a double would lose, wherever it stands", () => {
    const digits = fc.stringMatching(/^[1-9]\d{15,30}(\.\d{1,18})?$/);
    fc.assert(
      fc.property(digits, fc.stringMatching(/^[a-z ]{0,40}$/), (number, before) => {
        const [, value] = parseJson(`["${before}",${number}]`) as [string, unknown];
        const text = value instanceof NumberText ? value.text : String(value);
        expect(new BigNumber(text).eq(number), `${number} was read as ${text}`).equal(true);
      }),
    );
  });

  it("leaves numbers alone that only look different", () => {
    expect(parseJson("[1.10,1e2,-0,100000000000000000000,0.0e5,1E-7]")).deep.equal([
      1.1, 100, -0, 1e20, 0, 1e-7,
    ]);
  });

  it("does not make infinity of a number beyond all doubles, nor zero of one below", () => {
    expect(parseJson("[1e400, 1e-400]")).deep.equal([
      new NumberText("1e400"),
      new NumberText("1e-400"),
    ]);
  });

  it("leaves prototypes alone and takes the last of equal keys", () => {
    const value = parseJson('{"__proto__":{"admin":true},"a":1,"a":2}') as Record<string, unknown>;
    expect(value["admin"]).equal(undefined);
    expect(value["a"]).equal(2);
    expect(Object.getPrototypeOf(value)).equal(Object.prototype);
  });

  it("refuses half of a surrogate pair in text and keys", () => {
    expect(errorOf('["\\ud800"]').message).contain("surrogate");
    expect(errorOf('{"\\udc00":1}').message).contain("surrogate");
    expect(parseJson('["\\ud83d\\ude00"]')).deep.equal(["😀"]);
  });

  it("refuses nesting beyond its limit and is not misled by brackets in text", () => {
    expect(errorOf("[".repeat(65)).message).contain("64 levels");
    expect(errorOf("[".repeat(1_000_000)).message).contain("64 levels");
    expect(errorOf(`{"a":${'{"a":'.repeat(500_000)}`).message).contain("64 levels");
    expect(parseJson(`["\\"${"[".repeat(100)}"]`)).deep.equal([`"${"[".repeat(100)}`]);
    const flat = JSON.stringify(Array.from({ length: 200 }, () => ({ a: [] })));
    expect(parseJson(flat)).have.length(200);
  });
});

describe("what is said of malformed JSON", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "it is empty"],
    ['{"a":1', "breaks off at line 1, column 7, where a comma or the closing bracket"],
    ['{"a":1,}', "line 1, column 8 a key in quotes"],
    ['{\n "a" 1}', "line 2, column 6 a colon"],
    ["[1 2]", "line 1, column 4 a comma"],
    ['{"a":tru}', "line 1, column 6 a value"],
    ["[01]", "line 1, column 2"],
    ["[1.]", "line 1, column 2"],
    ["[1}", "line 1, column 3"],
    ["[1,2]x", "line 1, column 6 nothing more"],
    ["{a:1}", "line 1, column 2 a key in quotes"],
    ['["\\x"]', "line 1, column 2"],
    ['["\u0085",]', "line 1, column 6 a value"],
  ];
  for (const [text, words] of cases) {
    it(`${JSON.stringify(text)}: ${words}`, () => {
      expect(errorOf(text).code).equal("MALFORMED_JSON");
      expect(errorOf(text).message).contain(words);
    });
  }

  it("every cut of a good text is malformed, and said to break off or go wrong at a place", () => {
    const text = '{"ticks":[{"price":"1.5","volume":2e1,"live":true},null],"note":"a\\"b"}';
    for (let length = 1; length < text.length; length += 1) {
      expect(errorOf(text.slice(0, length)).message).match(/line 1, column \d+/);
    }
  });
});
