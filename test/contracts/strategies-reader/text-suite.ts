import { expect } from "chai";
import { type Harness, type StrategyAdapterName, strategyAdapters } from "./adapters.ts";
import { Library } from "./library.ts";
import { archive, create, filterOf, revise, rulesOf, tell, WORDS } from "./stories.ts";

export function textSearchContract(name: StrategyAdapterName): void {
  const open: () => Promise<Harness> = strategyAdapters[name];

  describe(`the strategies reader contract, text: ${name}`, () => {
    let model: Harness;
    let library: Library;

    beforeEach(async () => {
      model = await open();
      library = new Library();
    });

    afterEach(() => model.close());

    async function foundBy(text: string): Promise<string[]> {
      const page = { after: null, limit: 100 };
      const answer = await model.ask((reader) => {
        return reader.strategies(filterOf("anna", { text }), page);
      });
      return answer.items.map(({ strategyId }) => strategyId);
    }

    it("is found in name, type, tags, instruments and indicators, and nowhere else", async () => {
      const portfolio = "hidden-p";
      const attributes = { hidden: "hidden" };
      const document = { type: "breakout", tags: ["Layer2", "swing"], rules: rulesOf("ATR_14") };
      library.does("s-1", create({ name: "Night Owl", ...document, portfolio, attributes }));
      await tell(model, library);
      for (const text of ["night", "OWL", "breakout", "layer2", "swing", "btc-usdt", "atr_14"]) {
        expect(await foundBy(text), text).to.deep.equal(["s-1"]);
      }
      for (const text of ["hidden", "above_70", "sell", "anna", "s-1", "draft", "max_loss"]) {
        expect(await foundBy(text), text).to.deep.equal([]);
      }
    });

    it("must be held with all its words, in any order and from any field", async () => {
      library.does("s-1", create({ name: "Night Owl", tags: ["swing"] }));
      library.does("s-2", create({ name: "Night Train" }));
      await tell(model, library);
      expect(await foundBy("night")).to.deep.equal(["s-1", "s-2"]);
      expect(await foundBy(" owl \t night\n")).to.deep.equal(["s-1"]);
      expect(await foundBy("swing owl momentum")).to.deep.equal(["s-1"]);
      expect(await foundBy("owl train")).to.deep.equal([]);
    });

    it("is asked of the newest document alone", async () => {
      library.does("s-1", create({ name: "Night Owl" }));
      await tell(model, library);
      expect(await foundBy("owl")).to.deep.equal(["s-1"]);
      library.does("s-1", revise({ name: "Day Lark" }));
      await tell(model, library);
      expect(await foundBy("owl")).to.deep.equal([]);
      expect(await foundBy("lark")).to.deep.equal(["s-1"]);
      library.does("s-1", archive);
      await tell(model, library);
      expect(await foundBy("lark")).to.deep.equal(["s-1"]);
    });

    it("is found as it was written, whatever its letters and signs", async () => {
      for (const [at, word] of WORDS.entries()) {
        library.does(`s-${at}`, create({ name: `so ${word} it is` }));
      }
      library.does("other", create({ name: "something else" }));
      await tell(model, library);
      for (const [at, word] of WORDS.entries()) {
        expect(await foundBy(word), word).to.include(`s-${at}`);
        expect(await foundBy(`it ${word} so`), word).to.include(`s-${at}`);
        expect(await foundBy(`it ${word} nowhere`), word).to.deep.equal([]);
      }
    });

    it("finds words by their beginnings, and not by what stands within", async () => {
      library.does("s-1", create({ name: "Momentum, slower", rules: rulesOf("EMA_120") }));
      library.does("s-2", create({ name: "Slow momentum", type: "other" }));
      await tell(model, library);
      for (const [text, ids] of [
        ["mom", ["s-1", "s-2"]],
        ["m", ["s-1", "s-2"]],
        ["slower mom", ["s-1"]],
        ["omentum", []],
        ["momentums", []],
        ["ema_12", ["s-1"]],
        ["ema_2", []],
      ] as const) {
        expect(await foundBy(text), text).to.deep.equal(ids);
      }
    });

    it("is found whatever the case and the diacritics, on either side", async () => {
      library.does("s-1", create({ name: "Zoë's Übergröße, Việt" }));
      library.does("s-2", create({ name: "Zoe's ubergröße, việt".normalize("NFD") }));
      await tell(model, library);
      for (const text of [
        "zoe",
        "ZOË",
        "zoë".normalize("NFD"),
        "UBER",
        "übergröße",
        "viet",
        "zoë's",
      ]) {
        expect(await foundBy(text), text).to.deep.equal(["s-1", "s-2"]);
      }
      expect(await foundBy("grosse")).to.deep.equal([]);
    });

    it("asks for words side by side where signs join them, else in any order", async () => {
      library.does("s-1", create({ name: "one", instruments: ["binance:BTC-USDT"] }));
      library.does("s-2", create({ name: "two", instruments: ["binance:USDT-BTC"] }));
      await tell(model, library);
      for (const [text, ids] of [
        ["btc usdt", ["s-1", "s-2"]],
        ["BTC-USDT", ["s-1"]],
        ["btc/us", ["s-1"]],
        ["binance:btc", ["s-1"]],
        ["bin:btc", []],
        ["-usdt- -btc-", ["s-1", "s-2"]],
      ] as const) {
        expect(await foundBy(text), text).to.deep.equal(ids);
      }
    });

    it("is nothing but words, whatever a query language would make of it", async () => {
      library.does("s-1", create({ name: "alpha beta" }));
      library.does("s-2", create({ name: "alpha and gamma" }));
      await tell(model, library);
      for (const [text, ids] of [
        ["alpha AND beta", []],
        ["alpha OR beta", []],
        ["alpha NOT beta", []],
        ["alpha AND", ["s-2"]],
        ["NEAR(alpha beta)", []],
        ["words:alpha", []],
        ["searchText:alpha", []],
        ["{words}:alpha", []],
        ['alpha" OR "gamma', []],
        ['"beta alpha"', ["s-1"]],
        ["alpha') OR 1=1 --", []],
        ["^beta", ["s-1"]],
        ["(beta", ["s-1"]],
        ["-beta +alpha*", ["s-1"]],
        ["alpha\u0000beta", ["s-1"]],
      ] as const) {
        expect(await foundBy(text), text).to.deep.equal(ids);
      }
    });

    it("of signs alone finds nothing, and signs beside words ask for nothing", async () => {
      library.does("s-1", create({ name: 'alpha * - ( ) " % _ 🚀' }));
      await tell(model, library);
      for (const sign of [..."*-()\"%_\\^:+{},.'?", "🚀", '""', "''", "\ud800", "\u0000", "* -"]) {
        expect(await foundBy(sign), sign).to.deep.equal([]);
        expect(await foundBy(`${sign} al ${sign}`), sign).to.deep.equal(["s-1"]);
        expect(await foundBy(`${sign} beta`), sign).to.deep.equal([]);
      }
      for (const nothing of ["", " ", "\n\t"]) expect(await foundBy(nothing)).to.deep.equal([]);
    });

    it("of many words is answered like one of few", async () => {
      library.does("s-1", create({ name: "alpha beta" }));
      await tell(model, library);
      const words = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? "alpha" : "beta"));
      expect(await foundBy(words.join(" "))).to.deep.equal(["s-1"]);
      expect(await foundBy([...words, "gamma"].join(" "))).to.deep.equal([]);
    });
  });
}
