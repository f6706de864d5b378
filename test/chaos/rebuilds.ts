import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { isUnderWay } from "../../platform/generations/phase.ts";
import { openLogReading } from "../../platform/log/places.ts";
import { Generations } from "../../projections/runner/generations.ts";
import { followOperations } from "../../projections/runner/operations-follower.ts";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";
import { type PlatformPlace, PROJECTIONS } from "../rebuild-rows.ts";
import { startRebuild } from "../rebuild-watch.ts";

/** In the life of a rebuild, when something is hurt, by the event with which each begins. */
const BEGINS_WITH = {
  building: "GenerationStarted",
  verification: "GenerationCaughtUp",
  promotion: "GenerationVerified",
  retirement: "GenerationRetired",
} as const satisfies Readonly<Record<string, OperationsEvent["type"]>>;

export type Moment = keyof typeof BEGINS_WITH;
export const MOMENTS = Object.keys(BEGINS_WITH) as readonly Moment[];

const GAVE_UP: readonly OperationsEvent["type"][] = ["GenerationFailed", "GenerationCancelled"];
const STALL_MILLISECONDS = 300_000;
const LOOK_EVERY_MILLISECONDS = 5;
/** Of a rebuild under such a load. */
const LONGEST_INTO_BUILDING_MILLISECONDS = 1_000;

/** Rebuilds of one read model after another, followed on `operations.events`. */
export class Rebuilds {
  readonly #stopping = new AbortController();
  readonly #told: RecordedEvent<OperationsEvent>[] = [];
  readonly #generations = new Generations();
  readonly #following: Promise<void>;
  #lastToldMs = performance.now();
  #begun = 0;

  constructor(place: PlatformPlace) {
    this.#following = this.#follow(place);
    // Told by whoever waits, or at the end.
    this.#following.catch(() => undefined);
  }

  /**
   * Begins the rebuild of the next read model, when its last one is over, and resolves in that
   * moment of it; gives the read model. `share`: how far into the building, 0 to 1.
   */
  async until(moment: Moment, url: string, share: number): Promise<string> {
    const projection = PROJECTIONS[this.#begun % PROJECTIONS.length] as string;
    this.#begun += 1;
    await this.#untilOver(projection);
    const from = this.#told.length;
    await startRebuild(url, projection);
    await this.#wait(`${moment} of ${projection}`, () => {
      const since = this.#told.slice(from).filter(({ aggregateId }) => aggregateId === projection);
      return since.some(({ event }) => event.type === BEGINS_WITH[moment]);
    });
    if (moment === "building") await sleep(share * LONGEST_INTO_BUILDING_MILLISECONDS);
    return projection;
  }

  /** What the newest generation was at that time, by the log, epoch ms. */
  phaseAt(projection: string, atMs: number): string {
    const generations = new Generations();
    for (const one of this.#told) if (one.recordedAtMs <= atMs) generations.observe(one);
    const [newest] = generations.of(projection).toReversed();
    return `${newest?.generation} ${newest?.phase}`;
  }

  /**
   * Resolves when all are over and every old generation is retired. Gives how many read models were
   * promoted, and what was said of every one that was given up.
   */
  async ended(): Promise<{ readonly promoted: number; readonly givenUp: readonly string[] }> {
    for (const projection of PROJECTIONS) await this.#untilOver(projection);
    await this.#wait("every replaced generation is retired", () => {
      const all = PROJECTIONS.flatMap((projection) => this.#generations.of(projection));
      return all.every(({ phase }) => phase !== "replaced");
    });
    await this.stop();
    const promoted = this.#told.filter(({ event }) => event.type === "GenerationPromoted");
    const givenUp = this.#told.filter(({ event }) => GAVE_UP.includes(event.type));
    return {
      promoted: promoted.length,
      givenUp: givenUp.map(({ aggregateId, event }) => `${aggregateId}: ${JSON.stringify(event)}`),
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  #untilOver(projection: string): Promise<void> {
    return this.#wait(`the rebuild of ${projection} is over`, () => {
      return this.#generations.of(projection).every(({ phase }) => !isUnderWay(phase));
    });
  }

  async #wait(what: string, isTrue: () => boolean): Promise<void> {
    const sinceMs = performance.now();
    while (!isTrue()) {
      const stalledMs = performance.now() - Math.max(this.#lastToldMs, sinceMs);
      if (stalledMs > STALL_MILLISECONDS) throw new Error(`waited in vain for: ${what}`);
      await Promise.race([sleep(LOOK_EVERY_MILLISECONDS), this.#following]);
      if (this.#stopping.signal.aborted) throw new Error(`stopped while waiting for: ${what}`);
    }
  }

  async #follow({ log: place }: PlatformPlace): Promise<void> {
    const { log, codec, close } = await openLogReading(place);
    const { signal } = this.#stopping;
    try {
      await followOperations({
        log,
        codec,
        signal,
        onEvent: (event) => this.#observe(event),
        onCurrent: () => undefined,
        // A server is away: that is what the others are asked about.
        onTrouble: () => undefined,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await close();
    }
  }

  #observe(event: RecordedEvent<OperationsEvent>): void {
    this.#told.push(event);
    // Nothing is planted here: one of the two has lost something.
    if (event.event.type === "GenerationVerificationFailed") {
      throw new Error(`${event.aggregateId}: ${JSON.stringify(event.event.data)}`);
    }
    this.#generations.observe(event);
    this.#lastToldMs = performance.now();
  }
}
