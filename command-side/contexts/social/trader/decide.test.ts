import { expect } from "chai";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import type { TraderCommand } from "./commands.ts";
import { Network } from "./network.fixture.ts";

function network(...traders: readonly string[]): Network {
  const made = new Network();
  for (const trader of traders) made.does(trader, register(`handle_${trader}`));
  return made;
}

const register = (handle: string, copierLimit = 10): TraderCommand => {
  return { type: "RegisterTrader", data: { handle, acceptsCopiers: true, copierLimit } };
};
const follow = (leader: string): TraderCommand => ({ type: "FollowTrader", data: { leader } });
const block = (blocked: string): TraderCommand => ({ type: "BlockTrader", data: { blocked } });
const leave: TraderCommand = { type: "LeaveNetwork", data: { reason: "test" } };
const stop = (leader: string): TraderCommand => {
  return { type: "StopCopying", data: { leader, closeMode: "preserve" } };
};
const pause = (leader: string): TraderCommand => ({ type: "PauseCopy", data: { leader } });
const resume = (leader: string): TraderCommand => ({ type: "ResumeCopy", data: { leader } });

function copy(leader: string, allocation = "100", portfolioId = "p"): TraderCommand {
  const terms = {
    allocation: decimal(allocation),
    mode: "proportional",
    multiplier: null,
  } as const;
  return { type: "StartCopying", data: { leader, portfolioId, ...terms } };
}

function adjust(leader: string, allocation: string): TraderCommand {
  const { data } = copy(leader, allocation);
  return { type: "AdjustCopy", data } as TraderCommand;
}

describe("a trader", () => {
  it("has a handle that nobody else has, in whatever case, also after leaving", () => {
    const all = network("a");
    expect(all.refusal("b", register("HANDLE_A"))).to.equal("HANDLE_TAKEN");
    all.does("a", leave);
    expect(all.refusal("b", register("Handle_a"))).to.equal("HANDLE_TAKEN");
    expect(all.refusal("a", register("another"))).to.equal("TRADER_LEFT");
  });

  it("is registered once, however often that is told", () => {
    const all = network("a");
    expect(all.does("a", register("handle_a"))).to.deep.equal([]);
    expect(all.refusal("a", register("other"))).to.equal("TRADER_ALREADY_REGISTERED");
    expect(all.refusal("nobody", follow("a"))).to.equal("TRADER_NOT_REGISTERED");
  });

  it("follows another once, never itself, and nobody who is not there", () => {
    const all = network("a", "b");
    expect(all.does("a", follow("b"))).to.deep.equal(["TraderFollowed"]);
    expect(all.does("a", follow("b"))).to.deep.equal([]);
    expect(all.refusal("a", follow("a"))).to.equal("OWN_RELATION");
    expect(all.refusal("a", follow("c"))).to.equal("TRADER_UNKNOWN");
  });

  it("that blocks ends follows and copies both ways, and unblocking brings none back", () => {
    const all = network("a", "b");
    all.does("a", follow("b"));
    all.does("b", follow("a"));
    all.does("b", copy("a"));
    all.does("a", block("b"));
    expect(all.graph.following.from("a").size + all.graph.following.from("b").size).to.equal(0);
    expect(all.graph.copy("b", "a")).to.equal(null);
    expect(all.refusal("b", follow("a"))).to.equal("TRADER_BLOCKED");
    expect(all.refusal("a", copy("b"))).to.equal("TRADER_BLOCKED");
    all.does("a", { type: "UnblockTrader", data: { blocked: "b" } });
    expect(all.graph.following.from("b").size).to.equal(0);
    expect(all.does("b", follow("a"))).to.deep.equal(["TraderFollowed"]);
  });

  it("that leaves has no relations any more", () => {
    const all = network("a", "b", "c");
    all.does("a", follow("b"));
    all.does("c", copy("a"));
    all.does("a", leave);
    expect(all.graph.following.to("b").size).to.equal(0);
    expect(all.graph.copying.from("c").size).to.equal(0);
    expect(all.graph.allocatedFrom("p").isZero()).to.equal(true);
    expect(all.refusal("b", follow("a"))).to.equal("TRADER_UNKNOWN");
  });
});

describe("copying", () => {
  it("never closes a circle of two or three, paused relations among them", () => {
    const all = network("a", "b", "c");
    all.does("a", copy("b"));
    expect(all.refusal("b", copy("a"))).to.equal("COPY_CYCLE");
    all.does("b", copy("c"));
    expect(all.refusal("c", copy("a"))).to.equal("COPY_CYCLE");
    all.does("a", pause("b"));
    expect(all.refusal("b", copy("a"))).to.equal("COPY_CYCLE");
    expect(all.does("a", resume("b"))).to.deep.equal(["CopyResumed"]);
    all.does("a", stop("b"));
    expect(all.does("c", copy("a"))).to.deep.equal(["CopyStarted"]);
  });

  it("may meet the same leader by two ways", () => {
    const all = network("a", "b", "c", "d");
    all.does("b", copy("d"));
    all.does("c", copy("d"));
    all.does("a", copy("b"));
    expect(all.does("a", copy("c"))).to.deep.equal(["CopyStarted"]);
  });

  it("is covered by the portfolio's cash, all that is allocated from it together", () => {
    const all = network("a", "b", "c");
    all.does("a", copy("b", "600"));
    expect(all.refusal("a", copy("c", "401"))).to.equal("ALLOCATION_NOT_COVERED");
    expect(all.refusal("b", copy("c", "401"))).to.equal("ALLOCATION_NOT_COVERED");
    expect(all.does("a", copy("c", "400"))).to.deep.equal(["CopyStarted"]);
    expect(all.refusal("a", adjust("b", "601"))).to.equal("ALLOCATION_NOT_COVERED");
    expect(all.does("a", adjust("b", "1"))).to.deep.equal(["CopyAdjusted"]);
    expect(all.graph.allocatedFrom("p").toFixed()).to.equal("401");
  });

  it("is made with a portfolio of the copier's own, or with one that names nobody", () => {
    const all = network("a", "b");
    all.owner = "c";
    expect(all.refusal("a", copy("b"))).to.equal("PORTFOLIO_NOT_OWNED");
    all.owner = "a";
    expect(all.does("a", copy("b"))).to.deep.equal(["CopyStarted"]);
    all.owner = "b";
    expect(all.refusal("a", adjust("b", "101"))).to.equal("PORTFOLIO_NOT_OWNED");
  });

  it("is made by a trader's own key with the trader's own portfolio alone", () => {
    const all = network("a", "b");
    all.authority = "own";
    expect(all.refusal("a", copy("b"))).to.equal("PORTFOLIO_NOT_OWNED");
    all.owner = "a";
    expect(all.does("a", copy("b"))).to.deep.equal(["CopyStarted"]);
  });

  it("sent again is no other copy, though the cash has gone meanwhile", () => {
    const all = network("a", "b");
    all.does("a", copy("b"));
    all.cash = "0";
    expect(all.does("a", copy("b"))).to.deep.equal([]);
    expect(all.refusal("a", copy("b", "101"))).to.equal("COPY_EXISTS");
  });

  it("keeps to the leader's wish and capacity", () => {
    const all = network("a", "b");
    all.does("shy", {
      type: "RegisterTrader",
      data: { handle: "shy", acceptsCopiers: false, copierLimit: 5 },
    });
    all.does("small", register("small", 1));
    expect(all.refusal("a", copy("shy"))).to.equal("COPIES_NOT_ACCEPTED");
    all.does("a", copy("small"));
    expect(all.refusal("b", copy("small"))).to.equal("COPIERS_FULL");
    expect(all.refusal("b", pause("a"))).to.equal("COPY_UNKNOWN");
    expect(all.does("b", stop("a"))).to.deep.equal([]);
  });
});
