import { expect } from "chai";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { type Look, type Waiting, waitWhileItMoves } from "./wait-while-it-moves.ts";

const NEVER = new AbortController().signal;

function failure(exitCode: number, failed: string): Failure {
  return new Failure(exitCode, { failed, error: "", tried: "", todo: "" });
}

/** The looks after each other, the last one for ever; with little patience. */
function wait(looks: readonly (Partial<Look<string>> | Failure)[], more: Partial<Waiting> = {}) {
  let count = 0;
  const waiting = {
    interrupted: NEVER,
    stopped: () => failure(exitCodes.interrupted, "stopped"),
    ...{ pollMs: 1, stallMs: 60 },
    ...more,
  };
  return waitWhileItMoves(waiting, async () => {
    const look = looks[Math.min(count, looks.length - 1)];
    count += 1;
    if (look instanceof Failure) throw look;
    const stalled = () => failure(exitCodes.stalled, "stalled");
    return { result: null, progress: "", stalled, ...look };
  });
}

async function failed(waiting: Promise<unknown>): Promise<string> {
  return waiting.then(
    () => "nothing",
    (error: Failure) => error.parts.failed,
  );
}

const away = failure(exitCodes.unavailable, "away");

describe("waiting while something moves", () => {
  it("gives what it has come to, however long it took", async () => {
    const moving = Array.from({ length: 100 }, (_, i) => ({ progress: String(i) }));
    const startedMs = performance.now();
    expect(await wait([...moving, { result: "done" }])).to.equal("done");
    expect(performance.now() - startedMs).to.be.above(60);
  });

  it("fails when nothing has moved for too long, or for what it needs to tell of itself", async () => {
    expect(await failed(wait([{ progress: "a" }]))).to.equal("stalled");
    const startedMs = performance.now();
    expect(await failed(wait([{ progress: "a", leastStallMs: 200 }]))).to.equal("stalled");
    expect(performance.now() - startedMs).to.be.above(200);
  });

  it("goes on when nobody answers for a moment, and is told of each", async () => {
    const told: Failure[] = [];
    const onAway = (one: Failure) => told.push(one);
    expect(await wait([away, away, { result: "done" }], { onAway })).to.equal("done");
    expect(told).to.deep.equal([away, away]);
  });

  it("fails when nobody answers for too long, and at once where that was not foreseen", async () => {
    const onAway = () => undefined;
    expect(await failed(wait([{ progress: "a" }, away], { onAway }))).to.equal("stalled");
    expect(await failed(wait([away], { onAway }))).to.equal("away");
    expect(await failed(wait([{ progress: "a" }, away]))).to.equal("away");
    const refused = failure(exitCodes.refused, "refused");
    expect(await failed(wait([refused], { onAway }))).to.equal("refused");
  });

  it("ends at once when it is interrupted, also while it waits for an answer", async () => {
    const stopping = new AbortController();
    const { promise: never } = Promise.withResolvers<Look<string>>();
    const parts = { interrupted: stopping.signal, stopped: () => failure(130, "stopped") };
    const waiting = failed(waitWhileItMoves(parts, () => never));
    stopping.abort();
    expect(await waiting).to.equal("stopped");
  });
});
