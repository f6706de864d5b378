import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { within } from "./within.ts";

describe("a limit on the time of some work", () => {
  const late = () => new Error("late");

  it("gives what came of it in time, its error too", async () => {
    expect(await within(1_000, late, Promise.resolve(7))).to.equal(7);
    const failed = within(1_000, late, Promise.reject(new Error("failed")));
    expect(await failed.catch(String)).to.equal("Error: failed");
  });

  it("gives the error that is made for it past the limit", async () => {
    const outcome = await within(5, late, sleep(200)).catch(String);
    expect(outcome).to.equal("Error: late");
  });
});
