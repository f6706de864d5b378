import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import type { StrategyReader } from "../../projections/strategies/store.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { type Harness, strategyAdapters } from "../contracts/strategies-reader/adapters.ts";
import {
  create,
  randomFilter,
  randomLibrary,
  WORDS,
} from "../contracts/strategies-reader/stories.ts";
import { describeWithMongo } from "./servers.ts";

const STEPS = 600;
const QUESTIONS = 300;
/** Names in which the tables of Unicode, of cases and of signs part. */
const NAMES = [
  ...WORDS,
  ...[
    "🤖 bot",
    "Ǆungla",
    "İstanbul",
    "ﬁx",
    "Straße",
    "e\u0301te\u0301",
    "Ⅷ",
    "½",
    "\u200bzero",
    "a\u00adb",
  ],
];
/** Members of documents that no document of MongoDB's may have, or that JavaScript would lose. */
const ATTRIBUTES = JSON.parse(
  '{"$set":{"a.b":1},"__proto__":{"x":1},"":null,"a.$[].b":[1,{"$gt":2}],"_id":"other"}',
);

describeWithMongo("SQLite and MongoDB, fed one stream of strategies", function () {
  this.timeout(300_000);
  let both: Harness[];

  before(async () => {
    both = [await strategyAdapters.sqlite(), await strategyAdapters.mongo()];
  });

  after(() => Promise.all(both.map((model) => model.close())));

  /** What both say, which must be the same. */
  async function ask<T>(query: (reader: StrategyReader) => Promise<T>, what: string): Promise<T> {
    const [sqlite, mongo] = await Promise.all(both.map((model) => model.read(query)));
    expect(mongo?.result, what).to.deep.equal(sqlite?.result);
    expect(mongo?.positions, what).to.deep.equal(sqlite?.positions);
    return sqlite?.result as T;
  }

  it("answer every question alike, to the last byte of a document", async () => {
    const random = createRandom(printedSeed());
    const library = randomLibrary(random, STEPS);
    for (const [at, name] of NAMES.entries()) {
      library.does(`odd-${at}`, create({ name, attributes: ATTRIBUTES }));
    }
    for (const model of both) {
      for (const { strategyId, event } of library.events) await model.take(strategyId, [event]);
    }
    let found = 0;
    for (let asked = 0; asked < QUESTIONS; asked += 1) {
      const filter = randomFilter(random);
      const text =
        filter.text === null ? null : `${filter.text} ${random.chance(0.2) ? "bot" : ""}`;
      const page = { after: random.chance(0.3) ? `s-${random.integer(0, 30)}` : null, limit: 7 };
      const query = { ...filter, text };
      const answer = await ask((reader) => reader.strategies(query, page), JSON.stringify(query));
      found += answer.items.length;
    }
    for (const name of NAMES) {
      for (const text of [name, name.toUpperCase(), name.slice(0, 2)]) {
        const query = { ...randomFilter(random), actor: null, tag: null, type: null, status: null };
        const plain = { ...query, instrument: null, indicator: null, owner: null, text };
        const page = { after: null, limit: 100 };
        const answer = await ask((reader) => reader.strategies(plain, page), text);
        found += answer.items.length;
      }
    }
    print(`${found} strategies were found`);
    expect(found).to.be.above(QUESTIONS);
    for (const strategyId of library.states.keys()) {
      await ask((reader) => reader.strategy(strategyId), strategyId);
      const page = { after: null, limit: 100 };
      await ask((reader) => reader.versions(strategyId, page), strategyId);
    }
    const odd = await ask((reader) => reader.strategy("odd-0"), "odd");
    expect(odd?.document).to.equal(library.strategy("odd-0").document);
    expect(odd?.document).to.contain('"$set":{"a.b":1},"__proto__":{"x":1}');
  });
});
