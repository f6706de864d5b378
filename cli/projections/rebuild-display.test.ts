import { Writable } from "node:stream";
import { expect } from "chai";
import type { Output } from "../output.ts";
import { unseen } from "./follow-rebuild.ts";
import type { Generation } from "./generations.ts";
import { rebuildDisplay } from "./rebuild-display.ts";

const PARTITIONS = ["portfolio.events/0", "portfolio.events/1"];

/** What was said, as one would have it from the two streams. */
function recorder(json: boolean) {
  const [values, messages]: [Record<string, unknown>[], string[]] = [[], []];
  const output: Output = {
    ...{ json, animated: false, messages: new Writable() },
    line: () => undefined,
    value: (value) => values.push(value as Record<string, unknown>),
    message: (text) => messages.push(text),
    flushed: async () => undefined,
  };
  return { values, messages, display: rebuildDisplay(output) };
}

function building(events: number, gap: number): Generation {
  const both = (value: number) => Object.fromEntries(PARTITIONS.map((key) => [key, value]));
  return { ...unseen(2), position: both(events), gapEventsByPartition: both(gap) };
}

const seen = (current: Generation, note = "") => ({ name: "portfolios", current, note });
const verifying = { ...building(100, 0), phase: "verifying" };

describe("what is shown of a rebuild", () => {
  it("is an object for each partition, with all figures, where data is JSON", () => {
    const { values, display } = recorder(true);
    display.update(seen(building(40, 60), "slowed: live is 3.2 s behind"));
    expect(values.map(({ partition }) => partition)).to.deep.equal(PARTITIONS);
    const of = { type: "progress", name: "portfolios", generation: 2, phase: "building" };
    const figures = { events: 40, gapEvents: 60, eventsPerSecond: 0, remainingSeconds: null };
    const note = "slowed: live is 3.2 s behind";
    expect(values[0]).to.deep.equal({ ...of, partition: PARTITIONS[0], ...figures, note });
  });

  it("is no more than one object a second for each partition", () => {
    const { values, display } = recorder(true);
    for (let events = 0; events < 100; events += 1) display.update(seen(building(events, 1)));
    expect(values).to.have.length(PARTITIONS.length);
  });

  it("tells how far the comparison is whenever that moves, as objects and as lines", () => {
    const [json, text] = [recorder(true), recorder(false)];
    const comparison = { against: 1, table: "ledger", rows: 1_000 };
    const further = { ...verifying, comparison };
    for (const { display } of [json, text]) {
      for (const current of [verifying, verifying, further, further]) display.update(seen(current));
    }
    const told = json.values.map(({ phase, table, rows }) => [phase, table, rows]);
    expect(told).to.deep.equal([
      ["verifying", null, 0],
      ["verifying", "ledger", 1_000],
    ]);
    expect(text.messages).to.deep.equal([
      "Generation 2 has caught up: it is compared with the live one, row by row.",
      "compared: 1000 rows, now ledger",
    ]);
  });

  it("is a line for each partition, and what keeps it from going faster", () => {
    const { messages, display } = recorder(false);
    display.update(seen(building(40, 60), "slowed: live is 3.2 s behind"));
    expect(messages).to.deep.equal([
      "portfolio.events/0  40 events  0/s  gap 60  ETA ?",
      "portfolio.events/1  40 events  0/s  gap 60  ETA ?",
      "slowed: live is 3.2 s behind",
    ]);
  });
});
