import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Gate } from "./gate.ts";

const { signal } = new AbortController();

/** A feeder of batches of three positions. */
function feeding(gate: Gate): { position: number; stop(): Promise<void> } {
  const stopping = new AbortController();
  const feeder = { position: 0, stop };
  gate.stands(0);
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      const limit = await gate.pass(feeder.position, stopping.signal);
      await sleep(1);
      feeder.position = Math.min(feeder.position + 3, limit);
      gate.stands(feeder.position);
    }
  })();
  async function stop() {
    stopping.abort();
    await ended;
  }
  return feeder;
}

describe("the gate of a partition", () => {
  it("stops its feeder between two batches, and lets it go on to one position exactly", async () => {
    const gate = new Gate();
    const feeder = feeding(gate);
    await sleep(20);
    const at = await gate.hold(signal);
    expect(at).to.equal(feeder.position);
    await sleep(20);
    expect(feeder.position).to.equal(at);
    expect(await gate.advance((at ?? 0) + 7, signal)).to.equal(true);
    await sleep(20);
    expect(feeder.position).to.equal((at ?? 0) + 7);
    expect(await gate.advance(at ?? 0, signal), "back").to.equal(false);
    gate.release();
    expect(gate.isHeld).to.equal(false);
    await sleep(20);
    expect(feeder.position).to.be.above((at ?? 0) + 7);
    await feeder.stop();
  });

  it("opens by itself after a while", async () => {
    const gate = new Gate(100);
    const feeder = feeding(gate);
    await gate.hold(signal);
    expect(gate.isHeld).to.equal(true);
    await sleep(200);
    expect(gate.isHeld).to.equal(false);
    expect(await gate.advance(1_000_000, signal)).to.equal(false);
    expect(feeder.position).to.be.above(3);
    await feeder.stop();
  });

  it("says where nobody feeds the partition", async () => {
    const gate = new Gate();
    expect(await gate.hold(signal)).to.equal(null);
    gate.release();
  });
});
