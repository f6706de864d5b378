import { expect } from "chai";
import { type ClientRecord, checkHistory, type LoggedEvent } from "./checker.ts";

const aggregates = ["p-1", "p-2"];

/** Ten commands on two aggregates, one after another, each acknowledged. */
function cleanHistory(): { client: ClientRecord[]; log: LoggedEvent[] } {
  const client: ClientRecord[] = [];
  const log: LoggedEvent[] = [];
  for (let i = 0; i < 10; i += 1) {
    const aggregateId = aggregates[i % 2] as string;
    const sequence = Math.floor(i / 2) + 1;
    const [commandId, eventId] = [`c-${i}`, `e-${i}`];
    const acknowledged = { atMs: i * 10 + 5, version: sequence, eventIds: [eventId] };
    client.push({ commandId, aggregateId, sentAtMs: i * 10, acknowledged });
    log.push({ eventId, commandId, aggregateId, sequence, partition: "t/0", position: i });
  }
  return { client, log };
}

const kinds = (client: ClientRecord[], log: LoggedEvent[]) => [
  ...new Set(checkHistory(client, log).map((finding) => finding.kind)),
];

describe("the history checker", () => {
  it("finds nothing in a clean history", () => {
    const { client, log } = cleanHistory();
    expect(checkHistory(client, log)).to.deep.equal([]);
  });

  it("lets a command without an answer be in the log or not", () => {
    const { client, log } = cleanHistory();
    const silent = client.map((one, i) => (i === 9 ? { ...one, acknowledged: null } : one));
    expect(checkHistory(silent, log)).to.deep.equal([]);
    expect(checkHistory(silent, log.slice(0, 9))).to.deep.equal([]);
  });

  it("finds a planted loss", () => {
    const { client, log } = cleanHistory();
    expect(kinds(client, log.slice(0, 9))).to.deep.equal(["loss"]);
  });

  it("finds a planted double", () => {
    const { client, log } = cleanHistory();
    const last = log[9] as LoggedEvent;
    expect(kinds(client, [...log, { ...last, position: 10 }])).to.include("double");
  });

  it("finds a command that was carried out twice under other event ids", () => {
    const { client, log } = cleanHistory();
    const again = { ...(log[9] as LoggedEvent), eventId: "e-new", sequence: 6, position: 10 };
    expect(kinds(client, [...log, again])).to.deep.equal(["double"]);
  });

  it("finds the event of a command that was told to be refused", () => {
    const { client, log } = cleanHistory();
    const refused = { atMs: 95, version: 0, eventIds: [] };
    const told = client.map((one, i) => (i === 9 ? { ...one, acknowledged: refused } : one));
    expect(kinds(told, log)).to.deep.equal(["double"]);
    expect(kinds(told, log.slice(0, 9))).to.deep.equal([]);
  });

  it("finds two events of an aggregate that changed places", () => {
    const { client, log } = cleanHistory();
    const [first, second, third] = log as [LoggedEvent, LoggedEvent, LoggedEvent];
    const swapped = [third, second, first, ...log.slice(3)];
    expect(kinds(client, swapped)).to.include("swap");
  });

  it("finds a swap that hides behind renumbered sequences", () => {
    const { client, log } = cleanHistory();
    const swapped = log.map((event) => {
      if (event.eventId === "e-0") return { ...event, sequence: 2, position: 2 };
      if (event.eventId === "e-2") return { ...event, sequence: 1, position: 0 };
      return event;
    });
    swapped.sort((one, two) => one.position - two.position);
    expect(kinds(client, swapped)).to.deep.equal(["swap"]);
  });

  it("finds an event that nobody asked for", () => {
    const { client, log } = cleanHistory();
    expect(kinds(client.slice(1), log)).to.include("stranger");
  });
});
