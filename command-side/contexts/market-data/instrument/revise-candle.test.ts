import { expect } from "chai";
import { decimal } from "../../../../platform/kernel/decimal.ts";
import { given } from "../../../../test/given.ts";
import type { ReviseCandle } from "./commands.ts";
import { decider } from "./decide.ts";
import { CONTEXT, candlesOf, MINUTE_0_MS, record, registered, tick } from "./instrument.fixture.ts";

const DAY_MS = 24 * 60 * 60_000;
const OLD_MS = -DAY_MS - 60_000;
const OLD_MINUTE_MS = MINUTE_0_MS + OLD_MS;

function revise(more: Partial<ReviseCandle["data"]> = {}): ReviseCandle {
  return {
    type: "ReviseCandle",
    data: {
      openTime: OLD_MINUTE_MS,
      open: decimal("100"),
      high: decimal("110"),
      low: decimal("90"),
      close: decimal("105"),
      volume: decimal("4"),
      priceVolume: decimal("402"),
      buyVolume: decimal("1"),
      trades: 3,
      storedRevision: null,
      ...more,
    },
  };
}

function withLatestTickAt(offsetMs: number, more = {}) {
  return given(decider, [registered(more)], CONTEXT)
    .when(record([tick(offsetMs)]))
    .and();
}

describe("revising a minute that the instrument no longer holds", () => {
  it("gives the figures as the revision after the first close", () => {
    const [candle] = candlesOf(withLatestTickAt(0).when(revise()).thenAccepted());
    expect(candle?.type).to.equal("CandleRevised");
    expect(candle?.data).to.include({ openTimeMs: OLD_MINUTE_MS, revision: 1, cause: "late_tick" });
    expect(candle?.data.vwap?.toString()).to.equal("100.5");
    expect(candle?.data.quoteVolume.toString()).to.equal("402");
    expect(candle?.occurredAtMs).to.equal(OLD_MINUTE_MS + 60_000);
  });

  it("comes after the stored revision, and after its own", () => {
    const first = withLatestTickAt(0).when(revise({ storedRevision: 4 }));
    expect(candlesOf(first.thenAccepted())[0]?.data.revision).to.equal(5);
    const story = withLatestTickAt(0)
      .when(revise({ storedRevision: 4 }))
      .and();
    const second = story.when(revise({ storedRevision: 4, trades: 4 })).thenAccepted();
    expect(candlesOf(second)[0]?.data.revision).to.equal(6);
  });

  it("changes nothing when the figures are the same", () => {
    withLatestTickAt(0)
      .when(revise())
      .and()
      .when(revise({ storedRevision: 1 }))
      .then([]);
  });

  it("counts the quote volume of inverse contracts by their size", () => {
    const inverse = { kind: "inverse-perpetual", contractSize: decimal("100") } as const;
    const [candle] = candlesOf(withLatestTickAt(0, inverse).when(revise()).thenAccepted());
    expect(candle?.data.quoteVolume.toString()).to.equal("400");
  });

  it("is refused for a minute that the instrument still holds", () => {
    const kept = revise({ openTime: MINUTE_0_MS - DAY_MS });
    withLatestTickAt(0).when(kept).thenRefused("MINUTE_STILL_KEPT");
  });

  it("is refused while there is no tick", () => {
    given(decider, [registered()], CONTEXT).when(revise()).thenRefused("MINUTE_STILL_KEPT");
  });

  it("does not touch the minutes of today", () => {
    const story = withLatestTickAt(0).when(revise()).and();
    const [candle] = candlesOf(
      story.when(record([tick(62_001)], { source: "backfill" })).thenAccepted(),
    );
    expect(candle?.data).to.include({ openTimeMs: MINUTE_0_MS, revision: 0 });
  });
});
