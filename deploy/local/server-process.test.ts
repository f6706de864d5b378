import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { identityOf, mayBeAlive } from "../../platform/lifecycle/process-identity.ts";
import { exampleInstance } from "./instance.fixture.ts";
import { memoryOf } from "./memory.ts";
import { redis } from "./redis.ts";
import type { Instance } from "./server.ts";
import {
  lastLogLines,
  noteInitialising,
  runningProcess,
  startProcess,
  stopProcess,
  untilNotInitialising,
} from "./server-process.ts";
import { StackError } from "./stack-error.ts";

/** No process has it: it is above the largest that the kernel gives. */
const UNUSED_PID = 2 ** 22 + 1;

describe("the process of a server", function () {
  this.timeout(20_000);
  before(function () {
    if (process.platform !== "linux") this.skip();
  });
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-process-"));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  function serverRunning(script: string, stopWithinMs = 10_000) {
    const launch = () => ({ program: "sh", arguments: ["-c", script] });
    return exampleInstance({ ...redis, stopWithinMs, launch }, { folder });
  }

  async function untilLogged(instance: Instance): Promise<void> {
    while (lastLogLines(instance) === "") await sleep(5);
  }

  function writeProcess(change: object): void {
    const identity = { ...identityOf(process.pid), startedAt: "2026-01-01T00:00:00.000Z" };
    writeFileSync(join(folder, "process.json"), JSON.stringify({ ...identity, ...change }));
  }

  function sleeper(): ChildProcess & { pid: number } {
    const child = spawn("sleep", ["30"]);
    children.push(child);
    if (child.pid === undefined) throw new Error("sleep did not start");
    return Object.assign(child, { pid: child.pid });
  }

  it("is known by its file, which only we read, and ends on its signal", async () => {
    const instance = serverRunning("echo started; exec sleep 30");
    const { pid } = await startProcess(instance);
    await untilLogged(instance);
    expect(runningProcess(instance)?.pid).to.equal(pid);
    expect(statSync(join(folder, "process.json")).mode & 0o777).to.equal(0o600);
    expect(memoryOf(pid)).to.be.greaterThan(0);
    expect(await stopProcess(instance, false)).to.equal(true);
    expect(runningProcess(instance)).to.equal(null);
    expect(await stopProcess(instance, false)).to.equal(false);
    expect(lastLogLines(instance)).to.equal("started");
  });

  it("keeps the log of the run before, and no older one", async () => {
    for (const word of ["first", "second", "third"]) {
      const instance = serverRunning(`echo ${word}; exec sleep 30`);
      await startProcess(instance);
      await untilLogged(instance);
      await stopProcess(instance, false);
    }
    expect(readFileSync(join(folder, "server.log"), "utf8")).to.equal("third\n");
    expect(readFileSync(join(folder, "server.previous.log"), "utf8")).to.equal("second\n");
  });

  it("that does not end in time is named, and is killed by force alone", async () => {
    const instance = serverRunning("trap '' TERM; echo deaf; while :; do sleep 0.1; done", 500);
    const identity = await startProcess(instance);
    await untilLogged(instance);
    let refused: unknown;
    await stopProcess(instance, false).catch((error) => {
      refused = error;
    });
    expect(refused).to.be.instanceOf(StackError).with.property("message");
    expect(mayBeAlive(identity)).to.equal(true);
    expect(await stopProcess(instance, true)).to.equal(true);
    expect(mayBeAlive(identity)).to.equal(false);
  });

  it("that cannot be started says so", async () => {
    const launch = () => ({ program: "no-such-program", arguments: [] });
    let refused: unknown;
    await startProcess(exampleInstance({ ...redis, launch }, { folder })).catch((error) => {
      refused = error;
    });
    expect(String(refused)).to.contain("no-such-program");
  });

  it("is none where the file is stale: nobody has the pid, or another process has", async () => {
    const instance = serverRunning("exec sleep 30");
    expect(runningProcess(instance)).to.equal(null);
    writeProcess({ pid: UNUSED_PID });
    expect(runningProcess(instance)).to.equal(null);
    const other = sleeper();
    writeProcess({ pid: other.pid, startMark: "another boot 17" });
    expect(runningProcess(instance)).to.equal(null);
    expect(await stopProcess(instance, true)).to.equal(false);
    expect(mayBeAlive(identityOf(other.pid))).to.equal(true);
  });

  it("waits for a program of a killed start that still makes the data folder", async () => {
    const instance = serverRunning("exec sleep 30");
    await untilNotInitialising(instance);
    const other = sleeper();
    noteInitialising(instance, other.pid);
    let isOver = false;
    const over = untilNotInitialising(instance).then(() => {
      isOver = true;
    });
    await sleep(200);
    expect(isOver).to.equal(false);
    other.kill();
    await over;
  });

  it("is never ended where it may be another: on another host, or without a start time", async () => {
    const instance = serverRunning("exec sleep 30");
    const other = sleeper();
    for (const change of [{ host: "another-host" }, { startMark: null }]) {
      writeProcess({ ...identityOf(other.pid), ...change });
      let refused: unknown;
      await stopProcess(instance, true).catch((error) => {
        refused = error;
      });
      expect(String(refused)).to.contain("may be another one");
      expect(mayBeAlive(identityOf(other.pid))).to.equal(true);
    }
  });
});
