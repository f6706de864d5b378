import { expect } from "chai";
import fc from "fast-check";
import { createRandom } from "../../../cli/demo/random.ts";
import type {
  Strategy,
  StrategyFilter,
  StrategyVersion,
} from "../../../projections/strategies/store.ts";
import { droppedGenerationContract } from "../dropped-generation.ts";
import { printedSeed } from "../log/seed.ts";
import { allPages } from "../reader-harness.ts";
import { type Harness, type StrategyAdapterName, strategyAdapters } from "./adapters.ts";
import { Library } from "./library.ts";
import {
  activate,
  archive,
  create,
  filterOf,
  fork,
  pause,
  publish,
  randomFilter,
  randomLibrary,
  revise,
  rulesOf,
  tell,
  unpublish,
} from "./stories.ts";

export function strategiesReaderContract(name: StrategyAdapterName): void {
  const open: () => Promise<Harness> = strategyAdapters[name];

  describe(`the strategies reader contract: ${name}`, () => {
    let model: Harness;
    let library: Library;

    beforeEach(async () => {
      model = await open();
      library = new Library();
    });

    afterEach(() => model.close());

    droppedGenerationContract(() => model);

    /** What a filter finds, asked page by page. */
    async function found(filter: StrategyFilter, limit = 2): Promise<Strategy[]> {
      return allPages<Strategy, string>(limit, (page) => {
        return model.ask((reader) => reader.strategies(filter, page));
      });
    }

    async function foundIds(more: Partial<StrategyFilter>, actor = "anna"): Promise<string[]> {
      return idsOf(await found(filterOf(actor, more)));
    }

    it("knows nothing of a strategy that is not there", async () => {
      library.does("s-1", create());
      await tell(model, library);
      const page = { after: null, limit: 5 };
      const answers = await model.ask(async (reader) => [
        await reader.strategy("s-2"),
        await reader.version("s-2", 1),
        await reader.versions("s-2", page),
        await reader.strategy(""),
        await reader.version("s-1", 2),
        await reader.version("s-1", 0),
      ]);
      const nothing = { items: [], next: null };
      expect(answers).to.deep.equal([null, null, nothing, null, null, null]);
    });

    it("has the newest document as it was sent, with owner, life and visibility", async () => {
      library.does("s-1", create({ attributes: { zeta: [1, { a: null }], alpha: "é" } }));
      library.does("s-1", publish());
      library.does("s-1", activate);
      library.does("s-1", pause);
      library.does("s-1", revise({ tags: ["new"] }));
      await tell(model, library);
      const strategy = await model.ask((reader) => reader.strategy("s-1"));
      expect(strategy).to.deep.equal(library.strategy("s-1"));
      const life = { status: "paused", visibility: "public", version: 2, sequence: 5 };
      expect(strategy).to.include({ owner: "anna", ...life, forkedFrom: null });
    });

    it("has each step of a strategy's life as soon as it is told", async () => {
      const steps = [
        [create(), "draft", "private"],
        [activate, "active", "private"],
        [publish("followers"), "active", "followers"],
        [publish(), "active", "public"],
        [pause, "paused", "public"],
        [activate, "active", "public"],
        [unpublish, "active", "private"],
        [archive, "archived", "private"],
      ] as const;
      for (const [at, [command, status, visibility]] of steps.entries()) {
        library.does("s-1", command);
        await tell(model, library);
        const strategy = await model.ask((reader) => reader.strategy("s-1"));
        expect(strategy).to.include({ status, visibility, sequence: at + 1 });
      }
    });

    it("tells what a fork was made of, which it does not change", async () => {
      library.does("s-1", create());
      library.does("s-1", publish());
      library.does("s-2", fork("s-1", "Slower"), "ben");
      library.does("s-1", revise({ name: "Changed" }));
      await tell(model, library);
      const copy = await model.ask((reader) => reader.strategy("s-2"));
      expect(copy).to.deep.equal(library.strategy("s-2"));
      expect(copy).to.include({ owner: "ben", forkedFrom: "s-1", status: "draft", version: 1 });
      expect(JSON.parse(copy?.document ?? "")).to.include({ name: "Slower", type: "momentum" });
    });

    it("has every version, oldest first, page by page, and each by its number", async () => {
      library.does("s-1", create());
      library.does("s-2", create());
      for (const name of ["b", "c", "d", "e"]) library.does("s-1", revise({ name }));
      await tell(model, library);
      const expected = library.versions("s-1");
      expect(expected).to.have.length(5);
      for (const limit of [1, 2, 4, 5, 6]) {
        const all = await allPages<StrategyVersion, number>(limit, (page) => {
          return model.ask((reader) => reader.versions("s-1", page));
        });
        expect(all, `pages of ${limit}`).to.deep.equal(expected);
      }
      for (const one of expected) {
        const answer = await model.ask((reader) => reader.version("s-1", one.version));
        expect(answer).to.deep.equal(one);
      }
    });

    for (const [actor, ids] of [
      ["anna", ["10", "9", "B", "a", "a-1", "a.b", "a:1"]],
      ["ben", ["9", "Z9", "a.b"]],
      ["nobody", ["9", "a.b"]],
      [null, ["10", "9", "B", "Z9", "a", "a-1", "a.b", "a:1"]],
    ] as const) {
      const whose = actor ?? "all, who sees all";
      it(`lists one's own and public strategies in the order of their ids: ${whose}`, async () => {
        addOfTwo(library);
        await tell(model, library);
        for (const limit of [1, 2, ids.length, ids.length + 1]) {
          const all = await found(filterOf(actor), limit);
          expect(idsOf(all), `pages of ${limit}`).to.deep.equal(ids);
          expect(all).to.deep.equal(library.found(filterOf(actor)));
        }
      });
    }

    it("shows a strategy to others only while it is public, and not by any filter", async () => {
      library.does("s-1", create());
      const ofBen = async () => [
        await foundIds({}, "ben"),
        await foundIds({ owner: "anna", text: "momentum", type: "momentum" }, "ben"),
      ];
      for (const [command, ids] of [
        [null, []],
        [publish("followers"), []],
        [publish(), ["s-1"]],
        [unpublish, []],
      ] as const) {
        if (command !== null) library.does("s-1", command);
        await tell(model, library);
        expect(await ofBen(), command?.type).to.deep.equal([ids, ids]);
        expect(await foundIds({ owner: "anna" }), command?.type).to.deep.equal(["s-1"]);
      }
    });

    it("goes on after a page although its last strategy is no longer found", async () => {
      for (const id of ["s-1", "s-2", "s-3", "s-4"]) library.does(id, create());
      await tell(model, library);
      const draft = filterOf("anna", { status: "draft" });
      const ask = (after: string | null) => {
        return model.ask((reader) => reader.strategies(draft, { after, limit: 2 }));
      };
      const first = await ask(null);
      expect([idsOf(first.items), first.next]).to.deep.equal([["s-1", "s-2"], "s-2"]);
      library.does("s-2", archive);
      library.does("s-25", create());
      await tell(model, library);
      const second = await ask(first.next);
      expect([idsOf(second.items), second.next]).to.deep.equal([["s-25", "s-3"], "s-3"]);
      const last = await ask(second.next);
      expect([idsOf(last.items), last.next]).to.deep.equal([["s-4"], null]);
    });

    describe("filters", () => {
      beforeEach(async () => {
        const rules = rulesOf("RSI", "EMA_12");
        library.does("s-1", create({ name: "Alpha", tags: ["btc", "50%"], rules }));
        const instruments = ["binance:ETH-USDT", "kraken:BTC-EUR"];
        library.does(
          "s-2",
          create({ name: "Beta", type: "grid", instruments, rules: rulesOf("MACD") }),
        );
        library.does("s-3", create({ rules: rulesOf("EMA_120", "PRICE"), tags: ["BTC"] }), "ben");
        library.does("s-3", publish(), "ben");
        library.does("s-4", create({ rules: rulesOf("EMA") }), "ben");
        library.does("s-1", activate);
        library.does("s-3", activate, "ben");
        library.does("s-3", archive, "ben");
        await tell(model, library);
      });

      it("find what holds the one thing, whole and in its case", async () => {
        for (const [filter, ids] of [
          [{}, ["s-1", "s-2", "s-3"]],
          [{ owner: "anna" }, ["s-1", "s-2"]],
          [{ owner: "ben" }, ["s-3"]],
          [{ owner: "ann" }, []],
          [{ status: "active" }, ["s-1"]],
          [{ status: "draft" }, ["s-2"]],
          [{ status: "archived" }, ["s-3"]],
          [{ status: "paused" }, []],
          [{ type: "grid" }, ["s-2"]],
          [{ type: "momentum" }, ["s-1", "s-3"]],
          [{ type: "Grid" }, []],
          [{ tag: "btc" }, ["s-1"]],
          [{ tag: "BTC" }, ["s-3"]],
          [{ tag: "50%" }, ["s-1"]],
          [{ tag: "%" }, []],
          [{ tag: "bt" }, []],
          [{ instrument: "kraken:BTC-EUR" }, ["s-2"]],
          [{ instrument: "binance:BTC-USDT" }, ["s-1", "s-3"]],
          [{ instrument: "binance:BTC" }, []],
          [{ indicator: "EMA" }, ["s-1", "s-3"]],
          [{ indicator: "EMA_12" }, ["s-1"]],
          [{ indicator: "EMA_1" }, []],
          [{ indicator: "EM" }, []],
          [{ indicator: "E%" }, []],
          [{ indicator: "RSI" }, ["s-1"]],
          [{ text: "alpha" }, ["s-1"]],
        ] as const) {
          expect(await foundIds(filter), JSON.stringify(filter)).to.deep.equal(ids);
        }
      });

      it("find together what holds all of it", async () => {
        for (const [filter, ids] of [
          [{ owner: "anna", type: "grid", status: "draft" }, ["s-2"]],
          [{ owner: "anna", type: "grid", status: "active" }, []],
          [{ indicator: "EMA", status: "archived", tag: "BTC" }, ["s-3"]],
          [{ text: "beta", instrument: "binance:ETH-USDT", type: "grid" }, ["s-2"]],
          [{ text: "beta", instrument: "binance:BTC-USDT" }, []],
        ] as const) {
          expect(await foundIds(filter), JSON.stringify(filter)).to.deep.equal(ids);
        }
      });
    });

    it("finds what a search by hand finds, whatever is asked, and after any rebuild", async () => {
      const seed = printedSeed();
      const property = fc.asyncProperty(fc.integer(), async (sample) => {
        const random = createRandom(sample);
        const any = randomLibrary(random, 200);
        const one = await open();
        await tell(one, any);
        for (let asked = 0; asked < 40; asked += 1) {
          const filter = randomFilter(random);
          const limit = random.integer(1, 6);
          const all = await allPages<Strategy, string>(limit, (page) => {
            return one.ask((reader) => reader.strategies(filter, page));
          });
          expect(all, JSON.stringify(filter)).to.deep.equal(any.found(filter));
        }
        const { live, rebuilt } = await one.digests(random.integer(1, 50));
        await one.close();
        expect(rebuilt).to.deep.equal(live);
      });
      await fc.assert(property, { seed, numRuns: 25 });
    });
  });
}

/** Anna's are private, of Ben's two are public. */
function addOfTwo(library: Library): void {
  for (const id of ["a:1", "B", "a", "a-1", "10"]) library.does(id, create());
  for (const id of ["a.b", "9", "Z9"]) library.does(id, create(), "ben");
  for (const id of ["9", "a.b"]) library.does(id, publish(), "ben");
  library.does("Z9", publish("followers"), "ben");
}

function idsOf(all: readonly { readonly strategyId: string }[]): string[] {
  return all.map(({ strategyId }) => strategyId);
}
