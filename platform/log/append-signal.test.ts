import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { AppendSignal } from "./append-signal.ts";

const KEY = "a.events/0";
const OTHER = "a.events/1";

describe("the signal that the log has grown", () => {
  const { signal } = new AbortController();

  async function isWoken(waiting: Promise<void>): Promise<boolean> {
    let isOver = false;
    void waiting.then(() => (isOver = true));
    await nextTurn();
    return isOver;
  }

  it("wakes who waits for a partition when that one has, and not when others have", async () => {
    const appended = new AppendSignal();
    const waiting = appended.after(appended.raised, signal, KEY);
    appended.raise(new Set([OTHER]));
    expect(await isWoken(waiting)).to.equal(false);
    appended.raise(new Set([OTHER, KEY]));
    expect(await isWoken(waiting)).to.equal(true);
  });

  it("wakes everybody when nobody knows where", async () => {
    const appended = new AppendSignal();
    const waiting = appended.after(appended.raised, signal, KEY);
    appended.raise();
    expect(await isWoken(waiting)).to.equal(true);
  });

  it("wakes who waits for anything, wherever it was", async () => {
    const appended = new AppendSignal();
    const waiting = appended.after(appended.raised, signal);
    appended.raise(new Set([OTHER]));
    expect(await isWoken(waiting)).to.equal(true);
  });

  it("misses nothing that came before somebody waits", async () => {
    const appended = new AppendSignal();
    const { raised } = appended;
    appended.raise(new Set([KEY]));
    appended.raise(new Set([OTHER]));
    expect(await isWoken(appended.after(raised, signal, KEY))).to.equal(true);
    expect(await isWoken(appended.after(raised + 1, signal, KEY))).to.equal(false);
  });
});
