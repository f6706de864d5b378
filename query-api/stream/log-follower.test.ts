import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { MemoryLog, memoryCodec, TOPIC } from "../../projections/runner/runner.fixture.ts";
import { followLog } from "./log-follower.ts";
import { readEvents } from "./read-events.ts";

const EVENTS = 5_000;
const START = new Map([[`${TOPIC}/0`, 0]] as const);

describe("reading the log for many at once", () => {
  it("lets others have their turn while a stream looks for what nobody wrote", async () => {
    const { log, codec } = source();
    let reads = 0;
    const read = log.read.bind(log);
    log.read = (...asked) => {
      reads += 1;
      return read(...asked);
    };
    const stopping = new AbortController();
    const { signal } = stopping;
    const followed = followLog(START, { log, codec, concerns: () => false, signal });
    const ended = followed.next();
    await nextTurn();
    stopping.abort();
    expect(await ended).to.have.property("done", true);
    expect(reads).to.be.within(1, 3);
  });

  it("lets others have their turn while a page is looked for", async () => {
    const turns = countTurns();
    const page = await readEvents(
      START,
      { aggregateId: "nobody", types: null, limit: 10 },
      source(),
    );
    expect(page).to.deep.include({ events: [], atEnd: true });
    expect(turns.stop()).to.be.greaterThan(3);
  });

  it("decodes only what is asked for, and goes on after the rest", async () => {
    const log = new MemoryLog();
    for (let i = 1; i <= 10; i += 1) log.count(i % 2 ? "odd" : "even", i);
    const decoded: string[] = [];
    const codec = {
      ...memoryCodec,
      decode: (...record: Parameters<typeof memoryCodec.decode>) => {
        decoded.push(record[2].key);
        return memoryCodec.decode(...record);
      },
    };
    const stopping = new AbortController();
    const concerns = ({ key }: { key: string }) => key === "even";
    const followed = followLog(START, { log, codec, concerns, signal: stopping.signal });
    const { value } = await followed.next();
    expect(value?.positions.get(`${TOPIC}/0`)).to.equal(4);
    for (let i = 0; i < 4; i += 1) await followed.next();
    stopping.abort();
    await followed.return(undefined);
    expect(decoded).to.deep.equal(Array(5).fill("even"));
  });
});

function source() {
  const log = new MemoryLog();
  for (let i = 0; i < EVENTS; i += 1) log.count("somebody", i);
  return { log, codec: memoryCodec };
}

/** How often the event loop came round. */
function countTurns(): { stop(): number } {
  let turns = 0;
  let immediate = setImmediate(count);
  function count() {
    turns += 1;
    immediate = setImmediate(count);
  }
  return {
    stop: () => {
      clearImmediate(immediate);
      return turns;
    },
  };
}
