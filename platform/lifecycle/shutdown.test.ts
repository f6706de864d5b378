import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createLogger } from "../telemetry/logger.ts";
import { runShutdown, type ShutdownStep } from "./shutdown.ts";

describe("shutdown", () => {
  function step(name: string, run: ShutdownStep["run"], timeoutMs = 1_000): ShutdownStep {
    return { name, timeoutMs, run };
  }

  it("runs the steps in order, each after the one before", async () => {
    const done: string[] = [];
    const slow = step("drain", async () => {
      await sleep(20);
      done.push("drain");
    });
    const fast = step("log", () => void done.push("log"));
    expect(await runShutdown([slow, fast], createLogger("silent"))).equal(true);
    expect(done).deep.equal(["drain", "log"]);
  });

  it("goes on after a step that fails or is too slow, and names it", async () => {
    const lines: string[] = [];
    const done: string[] = [];
    const steps = [
      step("failing", () => Promise.reject(new Error("no"))),
      step("throwing", () => {
        throw new Error("at once");
      }),
      step("hanging", () => new Promise<void>(() => {}), 20),
      step("last", () => void done.push("last")),
    ];
    const logger = createLogger("error", { write: (line) => void lines.push(line) });
    expect(await runShutdown(steps, logger)).equal(false);
    expect(done).deep.equal(["last"]);
    const failed = lines.map((line) => (JSON.parse(line) as { step: string }).step);
    expect(failed).deep.equal(["failing", "throwing", "hanging"]);
  });
});
