import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { bringDown, destroy } from "../../deploy/local/bring-down.ts";
import { bringUp } from "../../deploy/local/bring-up.ts";
import { runningProcess } from "../../deploy/local/server-process.ts";

/** As `cipherhorizon stack up` has it: what was fetched once stays for the next run. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");
/** What has failed or was late is started again, or waited for again, so often in all. */
const STARTS = 6;
const ENDS_WITHIN_MILLISECONDS = 30_000;
const LOOK_EVERY_MILLISECONDS = 20;

/** Real servers of one test alone, which it may stop, kill and destroy. */
export class OwnStack {
  readonly #root: string;

  constructor() {
    this.#root = mkdtempSync(join(tmpdir(), "cipherhorizon-chaos-"));
    // Servers that run as users of their own must get through.
    chmodSync(this.#root, 0o711);
  }

  get folder(): string {
    return join(this.#root, "stack");
  }

  /** A folder beside the servers' own, which goes with them. */
  folderFor(name: string): string {
    return join(this.#root, name);
  }

  /**
   * Starts servers, or single nodes of them, that do not run; resolves when they are ready. On a
   * machine that is busy one may need longer than the stack waits: the same is asked for again.
   */
  async up(names: readonly string[], options: Options = {}): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#start(names, options);
      } catch (error) {
        if (attempt === STARTS) throw error;
      }
    }
  }

  async #start(names: readonly string[], { kafkaNodes, freePorts }: Options): Promise<void> {
    const { outcomes } = await bringUp({
      folder: this.folder,
      cache: CACHE,
      names,
      kafkaNodes: kafkaNodes ?? null,
      logins: null,
      freePorts: freePorts ?? false,
      interrupted: new AbortController().signal,
      report: () => undefined,
    });
    throwFailures(outcomes);
  }

  #runs(instance: string): boolean {
    return runningProcess({ folder: join(this.folder, instance) }) !== null;
  }

  /** As a human stops them. */
  async down(names: readonly string[]): Promise<void> {
    throwFailures(await bringDown({ folder: this.folder, cache: CACHE, names, isForced: true }));
  }

  /** SIGKILL, and the wait for the end of the process. */
  async kill(instance: string): Promise<void> {
    const running = runningProcess({ folder: join(this.folder, instance) });
    if (running === null) throw new Error(`${instance} does not run`);
    process.kill(running.pid, "SIGKILL");
    const deadline = performance.now() + ENDS_WITHIN_MILLISECONDS;
    while (this.#runs(instance)) {
      if (performance.now() > deadline) throw new Error(`${instance} does not end`);
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }

  /** The `CH_` variables by which the platform reaches the servers. */
  environment(): Readonly<Record<string, string>> {
    const text = readFileSync(join(this.folder, "stack.env"), "utf8");
    return parseEnv(text) as Record<string, string>;
  }

  /** Stops all servers and removes their data: as if the machine were new. */
  async destroyServers(): Promise<void> {
    const request = { folder: this.folder, cache: CACHE, names: [], isForced: true };
    throwFailures(await destroy(request));
  }

  /** Destroys the servers, and everything beside them. */
  async remove(): Promise<void> {
    if (existsSync(join(this.folder, "stack.json"))) await this.destroyServers();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

interface Options {
  readonly kafkaNodes?: number;
  readonly freePorts?: true;
}

interface Outcome {
  readonly instance: { readonly name: string };
  readonly error: unknown;
}

function throwFailures(outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const texts = failed.map(({ instance, error }) => `${instance.name}: ${String(error)}`);
  throw new AggregateError(
    failed.map(({ error }) => error),
    texts.join("\n"),
  );
}
