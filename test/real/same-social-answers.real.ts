import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import type { Network } from "../../command-side/contexts/social/trader/network.fixture.ts";
import type { Ends, Relation, SocialReader, Trader } from "../../projections/social/store.ts";
import { printedSeed } from "../contracts/log/seed.ts";
import { allPages } from "../contracts/reader-harness.ts";
import { type Harness, socialAdapters } from "../contracts/social-reader/adapters.ts";
import { copy, networkOf, randomNetwork } from "../contracts/social-reader/stories.ts";
import { describeWithNeo4j } from "./servers.ts";

const TRADERS = 24;
const STEPS = 800;
const PAGE = 5;
/** Two copiers on each level copy both of the next: 2^16 ways from one end to the other. */
const LEVELS = 16;

describeWithNeo4j("the same social events in SQLite and Neo4j", function () {
  this.timeout(300_000);
  let sqlite: Harness;
  let neo4j: Harness;

  beforeEach(async () => {
    [sqlite, neo4j] = [await socialAdapters.sqlite(), await socialAdapters.neo4j()];
  });

  afterEach(async () => {
    for (const one of [sqlite, neo4j]) await one.close();
  });

  async function tell(network: Network): Promise<void> {
    for (const { trader, event } of network.events) {
      for (const one of [sqlite, neo4j]) await one.take(trader, [event]);
    }
  }

  async function expectSame(questions: Readonly<Record<string, Question>>): Promise<void> {
    for (const [title, ask] of Object.entries(questions)) {
      const [expected, found] = [await sqlite.ask(ask), await neo4j.ask(ask)];
      expect(JSON.stringify(found), title).to.equal(JSON.stringify(expected));
      expect(JSON.stringify(expected).length, `${title} is not empty`).to.be.above(10);
    }
  }

  it("give the same answers, influence to the last bit, and the same digest", async () => {
    const ids = Array.from({ length: TRADERS }, (_, i) => `t-${i}`);
    const network = randomNetwork(createRandom(printedSeed()), ids, STEPS);
    await tell(network);
    await expectSame(questionsOf(ids, network));
    const digests = [await sqlite.digests(50), await neo4j.digests(50)];
    expect(digests[1]).to.deep.equal(digests[0]);
  });

  it("give the same tree of copiers, however many ways lead through it", async () => {
    const level = (i: number) => [`a-${i}`, `b-${i}`];
    const all = networkOf(...Array.from({ length: LEVELS }, (_, i) => level(i)).flat());
    for (let i = 1; i < LEVELS; i += 1) {
      for (const one of level(i)) for (const leader of level(i - 1)) all.does(one, copy(leader));
    }
    await tell(all);
    await expectSame({ copiers: (reader) => reader.copiers("a-0") });
  });
});

type Question = (reader: SocialReader) => Promise<unknown>;

function questionsOf(ids: readonly string[], network: Network): Record<string, Question> {
  const ofEach = (ask: (reader: SocialReader, id: string) => Promise<unknown>): Question => {
    return async (reader) => {
      const answers: unknown[] = [];
      for (const id of ids) answers.push(await ask(reader, id));
      return answers;
    };
  };
  return {
    traders: (reader) => allPages<Trader, string>(PAGE, (page) => reader.traders(null, page)),
    "traders of a handle": ofEach((reader, id) => {
      return reader.traders(`tHE_${id}`, { after: null, limit: PAGE });
    }),
    trader: ofEach((reader, id) => reader.trader(id)),
    followers: ofEach((reader, id) => relations(reader, "followers", id)),
    following: ofEach((reader, id) => relations(reader, "following", id)),
    mutuals: ofEach((reader, id) => relations(reader, "mutuals", id)),
    copying: ofEach((reader, id) => reader.copying(id)),
    copiers: ofEach((reader, id) => reader.copiers(id)),
    "suggestions, the influence of each among them": ofEach((reader, id) => {
      return reader.suggestions(id, PAGE);
    }),
    influence: (reader) => reader.influence(),
    "length of the path": ofEach(async (reader, id) => {
      const paths = await Promise.all(ids.map((other) => reader.path(id, other)));
      return paths.map((path) => lengthOf(path, network));
    }),
  };
}

function relations(reader: SocialReader, ends: Ends, id: string): Promise<Relation[]> {
  return allPages<Relation, string>(PAGE, (page) => reader.relations(ends, id, page));
}

/** Of several shortest ways any is right, so long as each step is a follow. */
function lengthOf(path: readonly string[] | null, { graph }: Network): number | null {
  if (path === null) return null;
  for (const [i, leader] of path.slice(1).entries()) {
    expect([...graph.following.from(path[i] ?? "")]).to.include(leader);
  }
  return path.length;
}
