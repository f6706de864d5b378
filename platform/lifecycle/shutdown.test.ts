import { spawn } from "node:child_process";
import { once } from "node:events";
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

describe("a process told to stop", () => {
  const program = (drainMs: number) => `
    import { onTerminationSignal } from "${new URL("./shutdown.ts", import.meta.url)}";
    import { createLogger } from "${new URL("../telemetry/logger.ts", import.meta.url)}";
    const run = () => new Promise((resolve) => setTimeout(resolve, ${drainMs}));
    const steps = [{ name: "drain", timeoutMs: 60_000, run }];
    onTerminationSignal({ steps, logger: createLogger("silent") });
    setInterval(() => {}, 1_000);
    process.stdout.write("ready");
  `;

  async function start(drainMs: number) {
    const script = program(drainMs);
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await once(child.stdout, "data");
    return { child, exited: once(child, "exit").then(([code]) => code as number) };
  }

  it("drains, then ends with 0 after SIGTERM and 130 after SIGINT", async () => {
    for (const [signal, code] of [
      ["SIGTERM", 0],
      ["SIGINT", 130],
    ] as const) {
      const { child, exited } = await start(20);
      child.kill(signal);
      expect(await exited, signal).equal(code);
    }
  });

  it("ends at once at the second signal", async () => {
    const { child, exited } = await start(60_000);
    child.kill("SIGINT");
    await sleep(100);
    child.kill("SIGINT");
    expect(await exited).equal(130);
  });
});
