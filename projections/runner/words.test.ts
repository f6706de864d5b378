import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { matchOf } from "../stores/sqlite/text-index.ts";
import { phrasesOf, wordsOf } from "./words.ts";

const CODE_POINTS = 0x11_0000;
/** Of the planes from here on, which hold nothing but blocks of one kind, one in so many is tried. */
const SPARSE_FROM = 0x3_0000;
const SPARSE_STEP = 97;
const SIGNS_A_TEXT = 64;

describe("the words of a text", () => {
  let database: DatabaseSync;

  before(() => {
    database = new DatabaseSync(":memory:");
    database.exec(`
      CREATE VIRTUAL TABLE indexed USING fts5(
        "words", content = '', tokenize = 'unicode61 remove_diacritics 2'
      );
      CREATE VIRTUAL TABLE found USING fts5vocab(indexed, 'instance');`);
  });

  after(() => database.close());

  it("are those of SQLite's tokenizer, whatever the code point", function () {
    this.timeout(120_000);
    const texts = textsOfCodePoints();
    const insert = database.prepare("INSERT INTO indexed (rowid, words) VALUES (?, ?)");
    database.exec("BEGIN");
    for (const [row, text] of texts.entries()) insert.run(row, text);
    database.exec("COMMIT");
    const found: string[][] = texts.map(() => []);
    const all = database.prepare('SELECT doc, "offset", term FROM found');
    for (const { doc, offset, term } of all.iterate()) {
      (found[Number(doc)] as string[])[Number(offset)] = String(term);
    }
    const other = texts.filter((text, row) => wordsOf(text).join(" ") !== found[row]?.join(" "));
    expect(other).to.deep.equal([]);
  });

  for (const [text, words] of [
    ["", []],
    ["Zoë's BTC-USDT", ["zoe", "s", "btc", "usdt"]],
    ["EMA_12", ["ema", "12"]],
    ["Zoë".normalize("NFD"), ["zoe"]],
    ["ΑΘΉΝΑ 日本語", ["αθήνα", "日本語"]],
    ["\ud800a\u0000b", ["a", "b"]],
  ] as const) {
    it(`are letters and digits between other signs: ${JSON.stringify(text)}`, () => {
      expect(wordsOf(text)).to.deep.equal(words);
    });
  }

  it("are asked for as SQLite asks for them: in phrases of what stands together", () => {
    const text = '  binance:BTC-us * Zoë"s \u0000alpha ()';
    expect(phrasesOf(text)).to.deep.equal([["binance", "btc", "us"], ["zoe", "s"], ["alpha"]]);
    expect(matchOf(text).split(" ")).to.have.length(5);
  });
});

/** Each code point stands alone and within a word. */
function textsOfCodePoints(): string[] {
  const signs: string[] = [];
  for (let code = 1; code < CODE_POINTS; code += code < SPARSE_FROM ? 1 : SPARSE_STEP) {
    const sign = String.fromCodePoint(code);
    if (sign.isWellFormed()) signs.push(`${sign} a${sign}B`);
  }
  const texts: string[] = [];
  while (signs.length > 0) texts.push(signs.splice(-SIGNS_A_TEXT).join(" "));
  return texts;
}
