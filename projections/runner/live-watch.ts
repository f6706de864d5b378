import type { LogReader, PartitionKey, Positions } from "../../platform/log/log.ts";
import { registeredProjection } from "../registry.ts";
import { openStore, type StorePlace } from "../stores.ts";
import { FIRST_SHARE, Helped, type LiveLag, nextShare, type Pace } from "./pace.ts";
import { pause } from "./pause.ts";
import type { ReadStore } from "./read-store.ts";
import { SeenLag } from "./seen-lag.ts";

const LOOK_INTERVAL_MS = 250;

export interface LiveGeneration {
  readonly projection: string;
  readonly generation: number;
}

/** One that shares the process with a build, and how far it lags now. */
interface LiveBeside extends LiveGeneration {
  readonly lagMs: number;
}

/** What a build must not slow down, and by how much at most. */
export interface Minded {
  readonly limitMs: number;
  /** That it is to replace, by whichever process it is fed; `null`: there is none. */
  readonly replaced: LiveGeneration | null;
  readonly beside: readonly LiveBeside[];
}

/** Why a build goes slower than it could. */
export interface Slowed extends LiveGeneration, LiveLag {
  /** False: it lags whether the build is slow or not. */
  readonly isHelped: boolean;
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

type Found = Omit<Slowed, "share">;

/**
 * Sets a build's pace by how far live generations lag: the one that it is to replace, whose own
 * store tells, and those that the same process feeds.
 */
export class LiveWatch {
  readonly #parts: LiveWatchParts;
  #watched: Watched | null = null;
  readonly #helped = new Map<string, Helped>();
  #minded: Minded | null = null;
  #isSlowed = false;

  constructor(parts: LiveWatchParts) {
    this.#parts = parts;
  }

  /** `null`: it may go as fast as it can. One that is to replace another begins slowly. */
  mind(minded: Minded | null): void {
    const before = this.#minded?.replaced ?? null;
    const begins = before === null && minded !== null && minded.replaced !== null;
    if (begins) this.#parts.pace.share = FIRST_SHARE;
    this.#minded = minded;
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.#parts;
    while (!signal.aborted) {
      await this.#look(this.#minded ?? NOTHING);
      await pause(LOOK_INTERVAL_MS, signal);
    }
    await this.#forget();
  }

  async #look(minded: Minded): Promise<void> {
    const { pace } = this.#parts;
    const { limitMs, replaced, beside } = minded;
    const before = pace.share;
    const found: Found[] = beside.map((one) => this.#foundBeside(one, before, limitMs));
    if (replaced === null) await this.#forget();
    else found.push({ ...replaced, ...(await this.#lagOf(replaced)), isHelped: true });
    let share = nextShare(before, NO_LAG, limitMs);
    let slowed: Slowed | null = null;
    for (const one of found) {
      const isFed = one.isFed && one.isHelped;
      const its = nextShare(before, { lagMs: one.lagMs, isFed }, limitMs);
      if (its < share) [share, slowed] = [its, { ...one, share: its }];
    }
    // It may have begun to mind something meanwhile, slowly.
    if (minded !== NOTHING) pace.share = share;
    else if (this.#minded === null) pace.share = 1;
    this.#tell(slowed);
  }

  #foundBeside(live: LiveBeside, share: number, limitMs: number): Found {
    const key = generationKey(live);
    const helped = this.#helped.get(key) ?? new Helped();
    this.#helped.set(key, helped);
    const isHelped = helped.look(share, live.lagMs, limitMs);
    return { ...live, isFed: true, isHelped, detail: "" };
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
    const known = this.#watched;
    if (known !== null && generationKey(known.of) === generationKey(live)) return known;
    await this.#forget();
    const store = await openStore(this.#parts.place, live.projection, live.generation);
    this.#watched = { of: live, store, lag: new SeenLag() };
    return this.#watched;
  }

  async #forget(): Promise<void> {
    const watched = this.#watched;
    this.#watched = null;
    await watched?.store.close();
  }
}

const NOTHING: Minded = { limitMs: Number.POSITIVE_INFINITY, replaced: null, beside: [] };
const NO_LAG: LiveLag = { lagMs: 0, isFed: true };

export function generationKey({ projection, generation }: LiveGeneration): string {
  return `${projection}.g${generation}`;
}

export function slowedText(slowed: Slowed | null): string {
  if (slowed === null) return "a build goes as fast as it can again";
  const { projection, generation, lagMs, isFed, isHelped, detail } = slowed;
  const live = `generation ${generation} of ${projection}, which is live,`;
  const behind = `${live} is ${(lagMs / 1_000).toFixed(1)} s behind`;
  if (!isHelped) return `a build goes on slowly: ${behind} whether the build is slow or not`;
  if (isFed) return `a build is slowed: ${behind}`;
  return `a build goes on slowly: ${live} ${detail === "" ? "is fed by nobody" : detail}`;
}
