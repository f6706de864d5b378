import { expect } from "chai";
import { FedLags, type FedLive } from "./fed-lags.ts";

const LIVE = { projection: "portfolios", generation: 1 };
const PARTITION = "portfolio.events/0";

describe("how far live generations lag that a process feeds", () => {
  let lags: FedLags;

  beforeEach(() => {
    lags = new FedLags();
  });

  function told(position: number, end: number, toldAtMs: number): FedLive {
    return { ...LIVE, partitions: [{ partition: PARTITION, position, end }], toldAtMs };
  }

  it("is nothing while they are at the end, whatever is appended", () => {
    for (let at = 0; at < 5_000; at += 250) lags.look([told(at, at, at)], at);
    expect(lags.lagMsOf(LIVE)).to.equal(0);
  });

  it("is as long as they have lacked what was seen first", () => {
    lags.look([told(10, 10, 0)], 0);
    lags.look([told(10, 20, 1_000)], 1_000);
    lags.look([told(15, 30, 1_700)], 1_700);
    expect(lags.lagMsOf(LIVE)).to.equal(700);
    lags.look([told(20, 30, 1_900)], 1_900);
    expect(lags.lagMsOf(LIVE)).to.equal(200);
  });

  it("is as long as a thread says nothing, which does so otherwise all the time", () => {
    lags.look([told(10, 10, 0)], 900);
    expect(lags.lagMsOf(LIVE)).to.equal(0);
    lags.look([told(10, 10, 0)], 2_500);
    expect(lags.lagMsOf(LIVE)).to.equal(2_500);
  });

  it("is forgotten of one that is not fed here any more", () => {
    lags.look([told(10, 20, 0)], 0);
    lags.look([told(10, 20, 500)], 500);
    lags.look([], 600);
    lags.look([told(10, 20, 700)], 700);
    expect(lags.lagMsOf(LIVE)).to.equal(0);
  });
});
