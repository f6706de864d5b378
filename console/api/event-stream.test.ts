import { expect } from "chai";
import fc from "fast-check";
import { EventStreamParser } from "./event-stream.ts";

const STREAM =
  ': heartbeat\n\nid: 1\nevent: candle\ndata: {"a":1}\n\n' +
  "id: 2\r\ndata: one\r\ndata: two\r\n\r\ndata\n\nid: 3\nevent: gap\ndata: {}\n\n";

const EVENTS = [
  { id: "1", event: "candle", data: '{"a":1}' },
  { id: "2", event: "message", data: "one\ntwo" },
  { id: "2", event: "message", data: "" },
  { id: "3", event: "gap", data: "{}" },
];

describe("an event stream", () => {
  it("is read the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
        const parser = new EventStreamParser();
        const events = places.slice(1).flatMap((end, at) => {
          return [...parser.push(STREAM.slice(places[at], end))];
        });
        expect(events).to.deep.equal(EVENTS);
      }),
    );
  });

  it("goes on after the last whole event when its connection breaks in the middle of one", () => {
    const parser = new EventStreamParser();
    const before = [...parser.push("id: 7\ndata: whole\n\nid: 8\ndata: ha")];
    expect(before).to.have.length(1);
    expect(parser.lastId).to.equal("7");
    parser.restart();
    expect([...parser.push("id: 8\ndata: half\n\n")]).to.deep.equal([
      { id: "8", event: "message", data: "half" },
    ]);
  });
});
