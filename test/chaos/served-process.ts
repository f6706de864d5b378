import { setTimeout as sleep } from "node:timers/promises";
import { print } from "../contracts/log/seed.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";

const READY_WITHIN_MILLISECONDS = 600_000;
const ASK_WITHIN_MILLISECONDS = 3_000;
const LOOK_EVERY_MILLISECONDS = 100;
const TELL_EVERY_MILLISECONDS = 30_000;
/** How often a process that ends before it was ready is started. */
const STARTS = 6;
const SHOWN_CHARACTERS = 4_000;

type Part = "command-side" | "projections" | "query-api";

/** By which variable each part is told its port. */
const PORT_VARIABLES: Readonly<Record<Part, string>> = {
  "command-side": "CH_COMMAND_PORT",
  projections: "CH_PROJECTIONS_PORT",
  "query-api": "CH_PORT",
};

interface ServedProcessParts {
  readonly name: string;
  readonly part: Part;
  readonly folder: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** One part of the platform as a process of its own, which comes back at the same address. */
export class ServedProcess {
  readonly #parts: ServedProcessParts;
  #process: SpawnedPlatform;
  #wasReady = false;

  constructor(parts: ServedProcessParts) {
    this.#parts = parts;
    this.#process = this.#spawn();
  }

  get name(): string {
    return this.#parts.name;
  }

  get part(): Part {
    return this.#parts.part;
  }

  get folder(): string {
    return this.#parts.folder;
  }

  get pid(): number {
    return this.#process.child.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#parts.port}`;
  }

  /**
   * Resolves when it says by itself that all is well with it. One that ends before it was ready (a
   * server did not answer in time) is started again, as whoever supervises it would; one that was
   * ready must not end.
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
    let last = "";
    let toldMs = performance.now();
    for (let starts = 1; performance.now() < deadline; ) {
      if (this.#hasEnded()) {
        if (this.#wasReady || starts === STARTS) throw this.#failure("it has ended by itself");
        print(`${this.name} is started again: ${this.#messages()}`);
        this.#process = this.#spawn();
        starts += 1;
      }
      last = await whatIsWrong(this.url);
      this.#wasReady ||= last === "";
      if (last === "") return;
      if (performance.now() - toldMs > TELL_EVERY_MILLISECONDS) {
        print(`${this.name} is not well: ${last}`);
        toldMs = performance.now();
      }
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
    throw this.#failure(`it is not ready in time: ${last}`);
  }

  /** SIGKILL, and a new process in its place. */
  async killAndReplace(): Promise<void> {
    if (this.#hasEnded()) throw this.#failure("it had ended by itself");
    await this.#process.kill();
    this.#process = this.#spawn();
  }

  /** It stands still for a while, and does not know it when it goes on. */
  async pause(milliseconds: number): Promise<void> {
    if (this.#hasEnded()) throw this.#failure("it had ended by itself");
    this.#process.child.kill("SIGSTOP");
    await sleep(milliseconds);
    this.#process.child.kill("SIGCONT");
  }

  /** SIGTERM; it must end well. */
  async stop(): Promise<void> {
    const exitCode = await this.#process.stop();
    if (exitCode !== 0) throw this.#failure(`it ended with ${exitCode}`);
  }

  /** At the end of a test, however that went. */
  async end(): Promise<void> {
    this.#process.child.kill("SIGCONT");
    await this.#process.kill();
  }

  #spawn(): SpawnedPlatform {
    const { part, folder, port, environment } = this.#parts;
    this.#wasReady = false;
    const own = { ...environment, [PORT_VARIABLES[part]]: String(port) };
    return spawnPlatform(folder, own, part);
  }

  #hasEnded(): boolean {
    const { exitCode, signalCode } = this.#process.child;
    return (exitCode ?? signalCode) !== null;
  }

  #failure(what: string): Error {
    return new Error(`${this.name}: ${what}\n${this.#messages()}`);
  }

  #messages(): string {
    return this.#process.messages().slice(-SHOWN_CHARACTERS);
  }
}

/** Empty: it is ready. */
async function whatIsWrong(url: string): Promise<string> {
  const signal = AbortSignal.timeout(ASK_WITHIN_MILLISECONDS);
  try {
    const answer = await fetch(`${url}/readyz`, { signal });
    return answer.ok ? "" : await answer.text();
  } catch (error) {
    // It does not listen yet, or says nothing in time.
    const isExpected = error instanceof TypeError || (error as Error).name === "TimeoutError";
    if (!isExpected) throw error;
    return String((error as Error).cause ?? error);
  }
}
