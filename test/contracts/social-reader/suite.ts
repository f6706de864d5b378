import { expect } from "chai";
import fc from "fast-check";
import { createRandom, type Random } from "../../../cli/demo/random.ts";
import type { Network } from "../../../command-side/contexts/social/trader/network.fixture.ts";
import type { Ends, Influence, Relation, Trader } from "../../../projections/social/store.ts";
import { droppedGenerationContract } from "../dropped-generation.ts";
import { printedSeed } from "../log/seed.ts";
import { allPages } from "../reader-harness.ts";
import { type Harness, type SocialAdapterName, socialAdapters } from "./adapters.ts";
import { block, copy, follow, leave, networkOf, pause, randomNetwork } from "./stories.ts";

/** As many as the reference gives. */
const DIGITS = 10;
/** The longest path that is looked for. */
const PATH_STEPS = 8;

/** What every adapter of the social reader must do. */
export function socialReaderContract(name: SocialAdapterName): void {
  const open = socialAdapters[name];

  describe(`the social reader contract: ${name}`, () => {
    let model: Harness;

    beforeEach(async () => {
      model = await open();
    });

    afterEach(() => model.close());

    droppedGenerationContract(() => model);

    it("knows nothing of a trader that is not there", async () => {
      const answers = await model.ask(async (reader) => [
        await reader.trader("a"),
        await reader.copying("a"),
        await reader.copiers("a"),
        await reader.path("a", "b"),
        await reader.suggestions("a", 5),
        await reader.influence(),
      ]);
      expect(answers).to.deep.equal([null, [], [], null, [], []]);
    });

    it("lists traders page by page, and finds a handle in whatever case", async () => {
      await tell(model, networkOf("a", "b", "c", "d", "e"));
      const listed = (handle: string | null) => {
        return allPages<Trader, string>(2, (page) => {
          return model.ask((reader) => reader.traders(handle, page));
        });
      };
      expect(idsOf(await listed(null))).to.deep.equal(["a", "b", "c", "d", "e"]);
      expect(idsOf(await listed("tHE_C"))).to.deep.equal(["c"]);
      expect(idsOf(await listed("The"))).to.deep.equal([]);
    });

    it("tells who follows whom in either direction, and who does in both", async () => {
      const all = networkOf("a", "b", "c", "d");
      for (const other of ["b", "c", "d"]) all.does(other, follow("a"));
      for (const other of ["b", "d"]) all.does("a", follow(other));
      await tell(model, all);
      expect(await ends(model, "followers", "a")).to.deep.equal(["b", "c", "d"]);
      expect(await ends(model, "following", "a")).to.deep.equal(["b", "d"]);
      expect(await ends(model, "mutuals", "a")).to.deep.equal(["b", "d"]);
      expect(await ends(model, "mutuals", "c")).to.deep.equal([]);
      const trader = await model.ask((reader) => reader.trader("a"));
      expect(trader).to.include({ followers: 3, following: 2, handle: "The_a" });
    });

    it("ends what stood between two with a block, and every relation of who leaves", async () => {
      const all = networkOf("a", "b", "c");
      for (const [from, to] of ["ab", "ba", "ac", "cb"]) all.does(from ?? "", follow(to ?? ""));
      all.does("a", copy("b"));
      all.does("b", block("a"));
      await tell(model, all);
      expect(await ends(model, "following", "a")).to.deep.equal(["c"]);
      expect(await ends(model, "followers", "b")).to.deep.equal(["c"]);
      expect(await model.ask((reader) => reader.copying("a"))).to.deep.equal([]);
      await model.take("c", [{ type: "TraderLeft", data: { reason: "test" }, occurredAtMs: 1 }]);
      expect(await ends(model, "following", "a")).to.deep.equal([]);
      const left = await model.ask((reader) => reader.trader("c"));
      expect(left).to.include({ status: "left", followers: 0, following: 0 });
    });

    it("has the terms of a copy, and that it rests", async () => {
      const all = networkOf("a", "b");
      all.does("a", copy("b", "12.50"));
      all.does("a", pause("b"));
      await tell(model, all);
      const [found, ...others] = await model.ask((reader) => reader.copying("a"));
      expect(others).to.deep.equal([]);
      expect(found).to.include({
        traderId: "b",
        portfolioId: "p-1",
        allocation: "12.5",
        mode: "proportional",
        multiplier: null,
        status: "paused",
      });
    });

    it("has the tree of copiers by depth, with both ways to who copies twice", async () => {
      const all = networkOf("a", "b", "c", "d", "e");
      for (const [from, to] of ["bd", "cd", "ab", "ac", "ea"]) all.does(from ?? "", copy(to ?? ""));
      await tell(model, all);
      const tree = await model.ask((reader) => reader.copiers("d"));
      const shown = tree.map(({ depth, traderId, leaderId }) => `${depth} ${traderId}→${leaderId}`);
      expect(shown).to.deep.equal(["1 b→d", "1 c→d", "2 a→b", "2 a→c", "3 e→a"]);
      const leader = await model.ask((reader) => reader.trader("d"));
      expect(leader).to.include({ copiers: 2, copying: 0 });
    });

    it("finds a shortest path along follows, and none against them", async () => {
      const all = networkOf("a", "b", "c", "d");
      for (const [from, to] of ["ab", "bc", "cd", "bd"]) all.does(from ?? "", follow(to ?? ""));
      await tell(model, all);
      const paths = await model.ask(async (reader) => [
        await reader.path("a", "d"),
        await reader.path("d", "a"),
        await reader.path("a", "a"),
      ]);
      expect(paths).to.deep.equal([["a", "b", "d"], null, ["a"]]);
    });

    it(`finds a path of ${PATH_STEPS} steps, and no longer one`, async () => {
      const chain = Array.from({ length: PATH_STEPS + 2 }, (_, index) => `t-${index}`);
      const all = networkOf(...chain);
      for (const [index, trader] of chain.slice(1).entries()) {
        all.does(chain[index] ?? "", follow(trader));
      }
      await tell(model, all);
      const paths = await model.ask(async (reader) => [
        await reader.path("t-0", `t-${PATH_STEPS}`),
        await reader.path("t-0", `t-${PATH_STEPS + 1}`),
      ]);
      expect(paths).to.deep.equal([chain.slice(0, -1), null]);
    });

    it("suggests whom those follow whom one follows, by common ones, influence, id", async () => {
      const all = networkOf("me", "l1", "l2", "w", "x", "y", "z", "fan");
      for (const leader of ["l1", "l2"]) all.does("me", follow(leader));
      for (const leader of ["x", "y", "w", "z", "me"]) all.does("l1", follow(leader));
      all.does("l2", follow("x"));
      all.does("fan", follow("z"));
      await tell(model, all);
      const suggested = await model.ask((reader) => reader.suggestions("me", 10));
      const shown = suggested.map(({ traderId, common }) => [traderId, common]);
      expect(shown).to.deep.equal([
        ["x", 2],
        ["z", 1],
        ["w", 1],
        ["y", 1],
      ]);
      const first = await model.ask((reader) => reader.suggestions("me", 1));
      expect(idsOf(first)).to.deep.equal(["x"]);
    });

    it("suggests nobody whom a block parts from one, whoever blocked", async () => {
      const all = networkOf("me", "l", "x", "y", "z");
      all.does("me", follow("l"));
      for (const leader of ["x", "y", "z"]) all.does("l", follow(leader));
      all.does("me", block("x"));
      all.does("y", block("me"));
      await tell(model, all);
      expect(idsOf(await model.ask((reader) => reader.suggestions("me", 10)))).to.deep.equal(["z"]);
    });

    it("has the influence of the reference in both conventions, to the digit", async () => {
      const all = reference();
      await tell(model, all);
      const found = await model.ask((reader) => reader.influence());
      expect(digitsOf(found)).to.deep.equal([
        ["A", "0.4572302668", "0.5093109375"],
        ["B", "0.2162157613", "0.2408437500"],
        ["C", "0.1918925402", "0.2137500000"],
        ["D", "0.1346614317", "0.1500000000"],
      ]);
      const suggested = await model.ask((reader) => reader.suggestions("D", 5));
      expect(suggested.map(({ traderId, common }) => [traderId, common])).to.deep.equal([["B", 1]]);
    });

    it("ranks anew after the next event, without who has left", async () => {
      const all = reference();
      await tell(model, all);
      await model.ask((reader) => reader.influence());
      all.does("A", leave);
      await tell(model, all);
      const found = await model.ask((reader) => reader.influence());
      expect(idsOf(found)).to.have.members(["B", "C", "D"]);
      expect(found.reduce((sum, { normalised }) => sum + normalised, 0)).to.be.closeTo(1, 1e-9);
    });

    it("ranks along all follows, more than are read at a time", async () => {
      const followers = Array.from({ length: 4_100 }, (_, i) => `f-${1_000 + i}`);
      const all = networkOf("z-1", "z-2", ...followers);
      for (const [i, follower] of followers.entries()) {
        all.does(follower, follow(i < 4_050 ? "z-1" : "z-2"));
      }
      await tell(model, all);
      const [first, second, third] = await model.ask((reader) => reader.influence());
      expect([first?.traderId, second?.traderId]).to.deep.equal(["z-1", "z-2"]);
      // (1 − d) · (1 + followers · d), each follower having 1 − d and passing on all of it.
      expect(first?.gds).to.be.closeTo(0.15 * (1 + 4_050 * 0.85), 1e-9);
      expect(second?.gds).to.be.closeTo(0.15 * (1 + 50 * 0.85), 1e-9);
      expect(third?.gds).to.be.closeTo(0.15, 1e-12);
    });

    it("is what was decided, whatever comes twice, restarts or comes in between", async () => {
      const seed = printedSeed();
      const property = fc.asyncProperty(fc.integer(), async (sample) => {
        const random = createRandom(sample);
        const near = randomNetwork(random, ["a", "b", "c", "d", "e", "f"], 60);
        const far = randomNetwork(random, ["v", "w", "x"], 30);
        const one = await open();
        await tellInterleaved(one, random, [near, far]);
        for (const network of [near, far]) await expectDecided(one, network);
        const { live, rebuilt } = await one.digests(random.integer(1, 30));
        await one.close();
        expect(rebuilt).to.deep.equal(live);
      });
      await fc.assert(property, { seed, numRuns: 25 });
    });
  });
}

/** B→A, C→A, D→A, C→B, D→C, ranked by programs that share nothing with this one. */
function reference(): Network {
  const all = networkOf("A", "B", "C", "D");
  for (const [from, to] of ["BA", "CA", "DA", "CB", "DC"]) all.does(from ?? "", follow(to ?? ""));
  return all;
}

/** What the network has not told yet. */
async function tell(model: Harness, network: Network): Promise<void> {
  for (const { trader, event } of network.events.splice(0)) await model.take(trader, [event]);
}

/** Each network in its own order, but nobody knows whose event is next. */
async function tellInterleaved(
  model: Harness,
  random: Random,
  networks: readonly Network[],
): Promise<void> {
  const left = networks.map(({ events }) => [...events]);
  for (let open = left; open.length > 0; open = open.filter(({ length }) => length > 0)) {
    const next = open[random.integer(0, open.length - 1)]?.shift();
    if (next) await model.take(next.trader, [next.event]);
  }
}

/** Every relation and counter is that of the graph that the decider goes by. */
async function expectDecided(model: Harness, { graph, states }: Network): Promise<void> {
  const { following, copying } = graph;
  for (const id of states.keys()) {
    const [leaders, followers] = [sorted(following.from(id)), sorted(following.to(id))];
    expect(await ends(model, "following", id)).to.deep.equal(leaders);
    expect(await ends(model, "followers", id)).to.deep.equal(followers);
    const mutuals = leaders.filter((leader) => followers.includes(leader));
    expect(await ends(model, "mutuals", id)).to.deep.equal(mutuals);
    const copied = await model.ask((reader) => reader.copying(id));
    expect(idsOf(copied)).to.deep.equal(sorted(copying.from(id)));
    const copiers = await model.ask((reader) => reader.copiers(id));
    const direct = copiers.filter(({ leaderId }) => leaderId === id);
    expect(idsOf(direct)).to.deep.equal(sorted(copying.to(id)));
    expect(await model.ask((reader) => reader.trader(id))).to.include({
      status: graph.profiles.has(id) ? "registered" : "left",
      following: leaders.length,
      followers: followers.length,
      copying: copied.length,
      copiers: direct.length,
    });
  }
}

function ends(model: Harness, which: Ends, traderId: string): Promise<string[]> {
  const all = allPages<Relation, string>(2, (page) => {
    return model.ask((reader) => reader.relations(which, traderId, page));
  });
  return all.then(idsOf);
}

function idsOf(all: readonly { readonly traderId: string }[]): string[] {
  return all.map(({ traderId }) => traderId);
}

function sorted(ids: ReadonlySet<string>): string[] {
  return [...ids].sort();
}

function digitsOf(all: readonly Influence[]): string[][] {
  return all.map(({ traderId, normalised, gds }) => {
    return [traderId, normalised.toFixed(DIGITS), gds.toFixed(DIGITS)];
  });
}
