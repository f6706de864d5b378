import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PlatformError } from "../errors/catalogue.ts";
import { lockFolder, readFolderLock } from "./folder-lock.ts";
import { currentProcess } from "./process-identity.ts";

const RIVALS = 8;

describe("the lock of the data folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "folder-lock-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function failure(): PlatformError {
    try {
      lockFolder(folder);
    } catch (error) {
      if (error instanceof PlatformError) return error;
      throw error;
    }
    throw new Error("was locked");
  }

  function writeHolder(change: object): void {
    const holder = {
      ...currentProcess(),
      startedAt: "2026-01-01T00:00:00.000Z",
      address: null,
      lockId: "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f",
      ...change,
    };
    writeFileSync(join(folder, "lock.json"), JSON.stringify(holder));
  }

  it("names its holder, refuses a second one, and is free after the release", () => {
    expect(readFolderLock(folder)).equal(null);
    const lock = lockFolder(folder);
    lock.publishAddress("http://127.0.0.1:8081");
    expect(readFolderLock(folder)).include({ pid: process.pid, address: "http://127.0.0.1:8081" });
    const refused = failure();
    expect(refused.code).equal("FOLDER_LOCKED");
    expect(refused.message).contain(`process ${process.pid}`).and.contain("127.0.0.1:8081");
    lock.release();
    lock.release();
    expect(readFolderLock(folder)).equal(null);
    lockFolder(folder).release();
  });

  it("is made together with the folder, and leaves no drafts", () => {
    const inner = join(folder, "a", "b");
    const lock = lockFolder(inner);
    lock.publishAddress("http://127.0.0.1:1");
    expect(readdirSync(inner)).have.members(["lock.guard", "lock.json"]);
    lock.release();
  });

  it("of a dead process is taken over, also when its pid belongs to another one now", () => {
    writeHolder({ pid: 2 ** 22 + 1 });
    expect(readFolderLock(folder)).equal(null);
    lockFolder(folder).release();
    writeHolder({ startMark: "another boot 17" });
    expect(readFolderLock(folder)).equal(null);
    lockFolder(folder).release();
  });

  it("of a killed process that nobody has waited for is taken over", async function () {
    if (process.platform !== "linux") this.skip();
    // The shell becomes a sleep, which never waits for the child: that ends when the shell is gone.
    const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 20"]);
    try {
      const [text] = await once(parent.stdout, "data");
      const pid = Number(String(text));
      while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      writeHolder({ pid, startMark: null });
      lockFolder(folder).release();
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("of another host is respected", () => {
    writeHolder({ host: "another-host", pid: 2 ** 22 + 1 });
    expect(failure().message).contain("another-host");
  });

  it("that a successor took over is not released by its former holder", () => {
    const first = lockFolder(folder);
    writeHolder({ pid: 2 ** 22 + 1 });
    const second = lockFolder(folder);
    first.publishAddress("http://127.0.0.1:1");
    first.release();
    expect(readFolderLock(folder)).include({ pid: process.pid, address: null });
    second.release();
  });

  it("that can't be read is not taken over", () => {
    writeFileSync(join(folder, "lock.json"), '{"pid":');
    expect(failure().message).contain("remove it");
  });

  const script = () => `
    import { lockFolder } from "${new URL("./folder-lock.ts", import.meta.url)}";
    process.stdin.once("data", () => {
      try {
        lockFolder(${JSON.stringify(folder)});
        process.stdout.write("locked");
      } catch (error) {
        process.stdout.write(error.code);
      }
    });
    process.stdout.write("ready");
  `;

  async function rival(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script()]);
    await once(child.stdout, "data");
    return child;
  }

  it("has one winner when many find a dead holder at the same moment", async () => {
    writeHolder({ pid: 2 ** 22 + 1 });
    const rivals = await Promise.all(Array.from({ length: RIVALS }, rival));
    const answers = rivals.map(async (child) => {
      const answer = once(child.stdout ?? child, "data");
      child.stdin?.write("go");
      return String((await answer)[0]);
    });
    const outcomes = await Promise.all(answers);
    for (const child of rivals) child.kill("SIGKILL");
    await Promise.all(
      rivals.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")),
    );
    expect(outcomes.toSorted()).deep.equal([...Array(RIVALS - 1).fill("FOLDER_LOCKED"), "locked"]);
    const text = readFileSync(join(folder, "lock.json"), "utf8");
    expect(rivals.map(({ pid }) => pid)).contain((JSON.parse(text) as { pid: number }).pid);
    lockFolder(folder).release();
  });
});
