import { expect } from "chai";
import { Troubles } from "./troubles.ts";

describe("the troubles of a read model", () => {
  let nowMs: number;
  let troubles: Troubles<string>;

  beforeEach(() => {
    nowMs = 0;
    troubles = new Troubles(() => nowMs);
  });

  const texts = () => [troubles.longest?.trouble, troubles.lasting?.trouble];

  it("are none where none was told", () => {
    expect(texts()).to.deep.equal([undefined, undefined]);
  });

  it("are not over in one partition when they are in another", () => {
    troubles.told("a/0", "refused");
    troubles.told("a/1", "away");
    troubles.told("a/1", null);
    expect(troubles.longest).to.include({ partition: "a/0", trouble: "refused" });
    troubles.told("a/0", null);
    expect(troubles.longest).to.equal(null);
  });

  it("last from the first time on, and are told as they were last", () => {
    troubles.told("a/0", "attempt 1");
    nowMs = 900;
    troubles.told("a/0", "attempt 2");
    troubles.told("a/1", "away");
    expect(texts()).to.deep.equal(["attempt 2", undefined]);
    nowMs = 1_000;
    expect(texts()).to.deep.equal(["attempt 2", "attempt 2"]);
    troubles.told("a/0", null);
    expect(texts()).to.deep.equal(["away", undefined]);
  });
});
