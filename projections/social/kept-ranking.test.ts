import { expect } from "chai";
import { KeptRanking } from "./kept-ranking.ts";

const ranking = [{ traderId: "t-1", handle: "one", normalised: 1, gds: 1 }];

describe("the newest ranking", () => {
  it("is computed once for all who ask at one position, and anew at the next", async () => {
    const kept = new KeptRanking();
    let computed = 0;
    const rank = async () => {
      computed += 1;
      return ranking;
    };
    const both = await Promise.all([kept.at("1", rank), kept.at("1", rank)]);
    expect(both).to.deep.equal([ranking, ranking]);
    await kept.at("1", rank);
    expect(computed).to.equal(1);
    await kept.at("2", rank);
    expect(computed).to.equal(2);
  });

  it("is not kept where it failed", async () => {
    const kept = new KeptRanking();
    const failed = await kept.at("1", () => Promise.reject(new Error("gone"))).catch(String);
    expect(failed).to.equal("Error: gone");
    expect(await kept.at("1", async () => ranking)).to.equal(ranking);
  });
});
