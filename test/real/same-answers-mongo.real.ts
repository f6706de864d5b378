import { expect } from "chai";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import type { PageRequest } from "../../projections/runner/page.ts";
import type { StrategyFilter, StrategyReader } from "../../projections/strategies/store.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { type Harness, strategyAdapters } from "../contracts/strategies-reader/adapters.ts";
import {
  create,
  filterOf,
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
    const questions = [...randomQuestions(random), ...questionsByName()];
    let found = 0;
    for (const { filter, page } of questions) {
      const answer = await ask((reader) => reader.strategies(filter, page), JSON.stringify(filter));
      found += answer.items.length;
    }
    print(`${found} strategies were found`);
    expect(found).to.be.above(QUESTIONS);
    for (const strategyId of library.states.keys()) {
      const page = { after: null, limit: 100 };
      await ask((reader) => reader.versions(strategyId, page), strategyId);
      await ask((reader) => reader.strategy(strategyId), strategyId);
    }
    const odd = await ask((reader) => reader.strategy("odd-0"), "odd-0");
    expect(odd).to.deep.equal(library.strategy("odd-0"));
    expect(odd?.document).to.contain('"$set":{"a.b":1},"__proto__":{"x":1}');
  });
});

interface Question {
  readonly filter: StrategyFilter;
  readonly page: PageRequest<string>;
}

function randomQuestions(random: Random): Question[] {
  return Array.from({ length: QUESTIONS }, () => {
    const after = random.chance(0.3) ? `s-${random.integer(0, 30)}` : null;
    return { filter: randomFilter(random), page: { after, limit: 7 } };
  });
}

/** Each name, in other cases and its beginning, asked of all strategies. */
function questionsByName(): Question[] {
  const texts = NAMES.flatMap((name) => [name, name.toUpperCase(), name.slice(0, 2)]);
  return texts.map((text) => {
    return {
      filter: { ...filterOf("anna", { text }), actor: null },
      page: { after: null, limit: 100 },
    };
  });
}
