import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import { print } from "../contracts/log/seed.ts";
import { KillClients, type Pace } from "../kill-clients.ts";
import type { Fault } from "./faults.ts";
import type { OwnStack } from "./own-stack.ts";
import { allOf, type ChaosPlatform } from "./platform.ts";
import type { Rebuilds } from "./rebuilds.ts";
import { SAMPLE_SECONDS } from "./sample.ts";
import type { ServedProcess } from "./served-process.ts";

/**
 * Steady: the machine has servers, platform and checks to carry as well. A whole run has a third of
 * a sample's, for each rebuild is compared row by row with all that the run has made so far.
 */
const PACE: Pace = {
  thinkingMs: SAMPLE_SECONDS === null ? 3_600 : 1_200,
  ticksPerRequest: 40,
};
const LONGEST_CALM_MILLISECONDS = 1_500;
/** Longer than a session: a process comes back when its partitions are another's. */
const SHORTEST_PAUSE_MILLISECONDS = 7_000;
const LONGEST_PAUSE_MILLISECONDS = 11_000;
/** How long a server is away at least: 0 to this. */
const LONGEST_ABSENCE_MILLISECONDS = 3_000;
const SERVED_AGAIN_WITHIN_MILLISECONDS = 600_000;
const LOOK_EVERY_MILLISECONDS = 20;

export interface ChaosRunParts {
  readonly seed: number;
  readonly stack: OwnStack;
  readonly platform: ChaosPlatform;
  readonly rebuilds: Rebuilds;
}

/** The platform under load, hurt again and again. */
export class ChaosRun {
  readonly clients: KillClients;
  readonly #random: Random;
  readonly #stack: OwnStack;
  readonly #platform: ChaosPlatform;
  readonly #rebuilds: Rebuilds;
  /** How many there were. */
  faults = 0;

  constructor({ seed, stack, platform, rebuilds }: ChaosRunParts) {
    this.#random = createRandom(seed);
    this.#stack = stack;
    this.#platform = platform;
    this.#rebuilds = rebuilds;
    // Of their own: how often clients draw depends on how fast they are answered.
    this.clients = new KillClients(createRandom(seed), PACE);
  }

  async start(): Promise<void> {
    this.#serveAllBut(null);
    await this.clients.start();
  }

  /**
   * One fault while a read model is rebuilt; resolves when commands are taken and everything says
   * that it is well again.
   */
  async hurt(fault: Fault): Promise<void> {
    await sleep(this.#random.uniform() * LONGEST_CALM_MILLISECONDS);
    const [{ url }] = this.#platform.commandSides as [ServedProcess];
    const rebuilt = await this.#rebuilds.until(fault.moment, url, this.#random.uniform());
    const [startedMs, atMs] = [performance.now(), Date.now()];
    const isOver = this.#strike(fault).then(() => this.#untilWell());
    const silenceMs = await this.#longestSilence(isOver);
    await isOver;
    this.faults += 1;
    const text = `${fault.target}: ${fault.kind}`.padEnd(32);
    const during = `${fault.moment} of ${rebuilt} (${this.#rebuilds.phaseAt(rebuilt, atMs)})`;
    print(
      `${String(this.faults).padStart(3)} ${text} ${during}: no command answered for ${seconds(silenceMs)} s, ` +
        `all well after ${seconds(performance.now() - startedMs)} s`,
    );
  }

  async #untilWell(): Promise<void> {
    this.#serveAllBut(null);
    await Promise.all(allOf(this.#platform).map((one) => one.ready()));
  }

  #strike({ kind, target }: Fault): Promise<void> {
    switch (kind) {
      case "process killed":
        return this.#away(target, (one) => one.killAndReplace());
      case "process paused":
        return this.#away(target, (one) => one.pause(this.#pauseMs()));
      case "server restarted":
        return this.#serverAway(target, () => this.#stack.down([target]));
      case "server killed":
        return this.#serverAway(target, () => this.#stack.kill(target));
    }
  }

  /** Clients find out by themselves that it is gone; soon after they go to the others. */
  async #away(name: string, strike: (one: ServedProcess) => Promise<void>): Promise<void> {
    const victim = allOf(this.#platform).find((one) => one.name === name);
    if (victim === undefined) throw new Error(`there is no process ${name}`);
    const struck = strike(victim);
    this.#serveAllBut(victim);
    await struck;
  }

  async #serverAway(target: string, end: () => Promise<void>): Promise<void> {
    await end();
    await sleep(this.#random.uniform() * LONGEST_ABSENCE_MILLISECONDS);
    await this.#stack.up([target]);
  }

  #pauseMs(): number {
    return this.#random.integer(SHORTEST_PAUSE_MILLISECONDS, LONGEST_PAUSE_MILLISECONDS);
  }

  #serveAllBut(gone: ServedProcess | null): void {
    const serving = this.#platform.commandSides.filter((one) => one !== gone);
    this.clients.serveAt(...serving.map(({ url }) => url));
  }

  /** Until the fault is over, and a command was answered after it. */
  async #longestSilence(isOver: Promise<void>): Promise<number> {
    let over: number | null = null;
    isOver.then(
      () => (over = this.clients.answered),
      () => (over = -1),
    );
    let [answered, sinceMs, longestMs] = [this.clients.answered, performance.now(), 0];
    while (over === null || this.clients.answered === over) {
      await sleep(LOOK_EVERY_MILLISECONDS);
      this.clients.throwFailure();
      const silentMs = performance.now() - sinceMs;
      longestMs = Math.max(longestMs, silentMs);
      if (silentMs > SERVED_AGAIN_WITHIN_MILLISECONDS) throw new Error("nobody takes commands");
      if (this.clients.answered === answered) continue;
      [answered, sinceMs] = [this.clients.answered, performance.now()];
    }
    return longestMs;
  }

  /** Everything is answered, and nobody writes any more: each command side has ended by itself. */
  async settle(): Promise<void> {
    await this.clients.finish();
    const { promoted, givenUp } = await this.#rebuilds.ended();
    print(`${promoted} generations promoted, ${givenUp.length} given up ${givenUp.join("\n")}`);
    await Promise.all(this.#platform.commandSides.map((one) => one.stop()));
  }

  /** Ends who reads, which must end well, too. */
  async stopReading(): Promise<void> {
    const { projectors, queryApi } = this.#platform;
    await Promise.all([...projectors, queryApi].map((one) => one.stop()));
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
