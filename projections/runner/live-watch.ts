import type { LogReader, PartitionKey, Positions } from "../../platform/log/log.ts";
import { registeredProjection } from "../registry.ts";
import { openStore, type StorePlace } from "../stores.ts";
import { type LiveLag, nextShare, type Pace } from "./pace.ts";
import { pause } from "./pause.ts";
import type { ReadStore } from "./read-store.ts";
import { SeenLag } from "./seen-lag.ts";

const LOOK_INTERVAL_MS = 250;

export interface LiveGeneration {
  readonly projection: string;
  readonly generation: number;
}

/** What a build must not slow down, and by how much at most. */
export interface Minded {
  readonly limitMs: number;
  /** By whichever process they are fed. */
  readonly generations: readonly LiveGeneration[];
}

/** Why a build goes slower than it could. */
export interface Slowed extends LiveGeneration, LiveLag {
  /** Why nobody knows how far it is; empty where somebody does. */
  readonly detail: string;
  /** Of its time in which the build works. */
  readonly share: number;
}

export interface LiveWatchParts {
  readonly place: StorePlace;
  readonly log: LogReader;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Whenever a look has found that the build is slowed; `null`: no longer. */
  onSlowed(slowed: Slowed | null): void;
}

interface Watched {
  readonly of: LiveGeneration;
  readonly store: ReadStore;
  readonly lag: SeenLag;
}

/** Sets a build's pace by how far live generations lag, which their own stores tell. */
export class LiveWatch {
  readonly #parts: LiveWatchParts;
  readonly #watched = new Map<string, Watched>();
  #minded: Minded | null = null;
  #isSlowed = false;

  constructor(parts: LiveWatchParts) {
    this.#parts = parts;
  }

  /** `null`: it may go as fast as it can. */
  mind(minded: Minded | null): void {
    this.#minded = minded;
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#parts;
    while (!signal.aborted) {
      await this.#look(this.#minded ?? NOTHING);
      await pause(LOOK_INTERVAL_MS, signal);
    }
    await this.#forgetAllBut(NOTHING);
  }

  async #look(minded: Minded): Promise<void> {
    const { pace } = this.#parts;
    await this.#forgetAllBut(minded);
    const before = pace.share;
    let [share, slowed]: [number, Slowed | null] = [
      nextShare(before, NO_LAG, minded.limitMs),
      null,
    ];
    for (const live of minded.generations) {
      const found = await this.#lagOf(live);
      const itsShare = nextShare(before, found, minded.limitMs);
      if (itsShare < share) [share, slowed] = [itsShare, { ...live, ...found, share: itsShare }];
    }
    pace.share = minded === NOTHING ? 1 : share;
    this.#tell(slowed);
  }

  #tell(slowed: Slowed | null): void {
    if (slowed !== null || this.#isSlowed) this.#parts.onSlowed(slowed);
    this.#isSlowed = slowed !== null;
  }

  /** A store that does not answer says nothing, but is not to be burdened either. */
  async #lagOf(live: LiveGeneration): Promise<LiveLag & { readonly detail: string }> {
    try {
      const { store, lag } = await this.#watchedOf(live);
      const checkpoints = await store.checkpoints();
      const positions = new Map([...checkpoints].map(([key, { next }]) => [key, next]));
      return { ...lag.look(positions, await this.#endsFor(live), performance.now()), detail: "" };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { lagMs: 0, isFed: false, detail };
    }
  }

  async #endsFor({ projection }: LiveGeneration): Promise<Positions> {
    const ends = new Map<PartitionKey, number>();
    for (const topic of registeredProjection(projection).projection.topics) {
      const all = await this.#parts.log.ends(topic);
      all.forEach((end, partition) => {
        ends.set(`${topic}/${partition}`, end);
      });
    }
    return ends;
  }

  async #watchedOf(live: LiveGeneration): Promise<Watched> {
    const key = generationKey(live);
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    const store = await openStore(this.#parts.place, live.projection, live.generation);
    const watched = { of: live, store, lag: new SeenLag() };
    this.#watched.set(key, watched);
    return watched;
  }

  async #forgetAllBut({ generations }: Minded): Promise<void> {
    const kept = new Set(generations.map(generationKey));
    for (const [key, { store }] of this.#watched) {
      if (kept.has(key)) continue;
      this.#watched.delete(key);
      await store.close();
    }
  }
}

const NOTHING: Minded = { limitMs: Number.POSITIVE_INFINITY, generations: [] };
const NO_LAG: LiveLag = { lagMs: 0, isFed: true };

export function generationKey({ projection, generation }: LiveGeneration): string {
  return `${projection}.g${generation}`;
}

export function slowedText(slowed: Slowed | null): string {
  if (slowed === null) return "a build goes as fast as it can again";
  const { projection, generation, lagMs, isFed, detail } = slowed;
  const live = `generation ${generation} of ${projection}, which is live,`;
  if (isFed) return `a build is slowed: ${live} is ${(lagMs / 1_000).toFixed(1)} s behind`;
  return `a build goes on slowly: ${live} ${detail === "" ? "is fed by nobody" : detail}`;
}
