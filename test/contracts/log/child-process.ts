import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PartitionRef } from "../../../platform/log/log.ts";
import type { LogAdapterName } from "./adapters.ts";

export type ChildOrder =
  | { readonly order: "open" }
  | { readonly order: "decide"; readonly partition: PartitionRef }
  | {
      readonly order: "append";
      readonly partition: PartitionRef;
      readonly values: readonly string[];
    }
  | { readonly order: "flood"; readonly run: number; readonly seed: number };

const STOPS_WITHIN_MILLISECONDS = 5_000;

/** Another process on the same log: `child.ts`. */
export class LogChild {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((line: unknown) => void)[] = [];
  #onLine: ((line: unknown) => void) | null = null;

  constructor(adapter: LogAdapterName, address: string) {
    const script = fileURLToPath(new URL("./child.ts", import.meta.url));
    this.#process = spawn(process.execPath, [script, adapter, address], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#process.stdout }).on("line", (text) => {
      const line: unknown = JSON.parse(text);
      if (this.#onLine) this.#onLine(line);
      else this.#waiting.shift()?.(line);
    });
  }

  /** The child's answer to an order. */
  ask<Answer>(order: ChildOrder): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push((line) => resolve(line as Answer));
      this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    });
  }

  /** Everything the child says while it obeys an order that never ends. */
  listen(order: ChildOrder, onLine: (line: unknown) => void): void {
    this.#onLine = onLine;
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** Resolves when the system says that the process is stopped. */
  async stop(): Promise<void> {
    this.#process.kill("SIGSTOP");
    const deadline = performance.now() + STOPS_WITHIN_MILLISECONDS;
    while (performance.now() < deadline) {
      if (isStopped(this.#process.pid as number)) return;
      await sleep(1);
    }
    throw new Error("the child does not stop");
  }

  goOn(): void {
    this.#process.kill("SIGCONT");
  }

  /** SIGKILL; resolves when the process is gone and all it said was heard. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await once(this.#process, "close");
  }

  /** Closes the log and ends. */
  async end(): Promise<void> {
    this.#process.stdin.end();
    await once(this.#process, "close");
  }
}

/** T is the state of a stopped process, in `ps` and as the third field of /proc/<pid>/stat. */
function isStopped(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) {
    return execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" })[0] === "T";
  }
  const stat = readFileSync(file, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}
