import { expect } from "chai";
import { TEST_CONTEXT } from "../../../test/given.ts";
import { CandleClock } from "./candle-clock.ts";
import type { InstrumentCommand } from "./instrument/commands.ts";
import { decider } from "./instrument/decide.ts";
import { close, MINUTE_0_MS, record, registered, tick } from "./instrument/instrument.fixture.ts";

const aggregateId = "binance:BTC-USDT";
const BORDER_MS = MINUTE_0_MS + 60_000;

/** An instrument whose events the clock is told of. */
function observed() {
  const clock = new CandleClock();
  let state = decider.evolve(decider.initialState(), registered());
  const decide = (command: InstrumentCommand, nowMs: number) => {
    const decision = decider.decide(state, command, { ...TEST_CONTEXT, nowMs, aggregateId });
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) {
      state = decider.evolve(state, event);
      clock.observe({ aggregateId, event });
    }
  };
  return { clock, decide };
}

describe("the clock of candles", () => {
  it("finds a minute due when its end and the lateness have passed, until it is closed", () => {
    const { clock, decide } = observed();
    decide(record([tick(59_000)]), BORDER_MS);
    expect(clock.due(BORDER_MS + 1_999)).to.deep.equal([]);
    expect(clock.due(BORDER_MS + 2_000)).to.deep.equal([
      { instrumentId: aggregateId, upToMs: BORDER_MS },
    ]);
    decide(close(BORDER_MS, "clock"), BORDER_MS + 2_000);
    expect(clock.due(BORDER_MS + 200_000)).to.deep.equal([]);
  });

  it("leaves imports alone, and live ticks that are old", () => {
    const { clock, decide } = observed();
    decide(record([tick(59_000)], { source: "backfill" }), BORDER_MS);
    expect(clock.due(BORDER_MS + 2_000)).to.deep.equal([]);
    decide(record([tick(59_001)]), BORDER_MS + 60_000);
    expect(clock.due(BORDER_MS + 62_000)).to.deep.equal([]);
  });

  it("does not forget a minute that a tick ahead of the clock has opened", () => {
    const { clock, decide } = observed();
    decide(record([tick(59_000), tick(65_000)]), BORDER_MS);
    decide(close(BORDER_MS, "clock"), BORDER_MS + 2_000);
    expect(clock.due(BORDER_MS + 62_000)).to.have.length(1);
    decide(close(BORDER_MS + 60_000, "clock"), BORDER_MS + 62_000);
    expect(clock.due(BORDER_MS + 70_000)).to.deep.equal([]);
  });

  it("gives up an instrument that has been silent for long", () => {
    const { clock, decide } = observed();
    decide(record([tick(59_000)]), BORDER_MS);
    expect(clock.due(BORDER_MS + 400_000)).to.have.length(1);
    expect(clock.due(BORDER_MS + 401_000)).to.deep.equal([]);
  });
});
