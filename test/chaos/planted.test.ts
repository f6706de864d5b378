import { expect } from "chai";
import { checkHistory, type LoggedEvent } from "../history/checker.ts";
import { PLANTED, plant } from "./planted.ts";

/** Three events of one aggregate between those of others, each of a command of its own. */
const LOG: readonly LoggedEvent[] = ["a", "b", "a", "c", "a"].map((aggregateId, position) => ({
  eventId: `e-${position}`,
  commandId: `c-${position}`,
  aggregateId,
  sequence: Math.floor((position + 2) / 2) - (aggregateId === "a" ? 0 : Math.floor(position / 2)),
  partition: "t/0",
  position,
}));

const CLIENT = LOG.map(({ commandId, aggregateId, eventId, sequence, position }) => {
  const acknowledged = { atMs: position * 10 + 5, version: sequence, eventIds: [eventId] };
  return { commandId, aggregateId, sentAtMs: position * 10, acknowledged };
});

describe("a fault that is planted in a log", () => {
  it("is none where nothing is planted", () => {
    expect(checkHistory(CLIENT, LOG)).to.deep.equal([]);
  });

  for (const planted of PLANTED) {
    it(`is found: a ${planted}`, () => {
      const log = plant(LOG, planted, ({ aggregateId }) => aggregateId);
      expect(checkHistory(CLIENT, log).map(({ kind }) => kind)).to.include(planted);
    });
  }

  it("cannot be planted where no stream has two events", () => {
    expect(() => plant(LOG.slice(0, 2), "swap", (one) => one.aggregateId)).to.throw("two events");
  });
});
