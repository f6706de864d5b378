import { given } from "../../../../test/given.ts";
import type { QuarantineTicks } from "./commands.ts";
import { decider } from "./decide.ts";

const context = { nowMs: 1_000, aggregateId: "binance:NEW:USDT" };
const ticks = ['{"exchange":"binance","symbol":"NEW:USDT"}'];
const command: QuarantineTicks = {
  type: "QuarantineTicks",
  data: { reason: "unknown_symbol", ticks },
};

describe("the quarantine of one exchange's symbol", () => {
  it("keeps the ticks as they came, with the reason and the time", () => {
    const data = { exchange: "binance", symbol: "NEW:USDT", receivedMs: 1_000, ...command.data };
    given(decider, [], context)
      .when(command)
      .then([{ type: "TicksQuarantined", data, occurredAtMs: 1_000 }]);
  });

  it("takes further ticks, which may be equal to those it has", () => {
    given(decider, [], context).when(command).and().when(command).thenAccepted();
  });
});
