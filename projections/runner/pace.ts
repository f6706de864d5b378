import { pause } from "./pause.ts";

/** How far live generations may lag because of a build, where nothing else was told. */
export const USUAL_MAX_LIVE_LAG_MS = 2_000;
/** The highest limit there is: nothing slows such a build. */
export const NO_LIVE_LAG_LIMIT_MS = 3_600_000;
/** A build is slowed from this share of the limit on, so that the limit is not reached. */
export const SLOWED_FROM = 0.5;

/**
 * With which a build begins: what it does to live generations is seen when it has worked for a
 * while, and many that begin at once at full speed hold them up for seconds.
 */
export const FIRST_SHARE = 0.1;
/** What a build is left while a live generation is at its limit: it goes on, however slowly. */
const LEAST_SHARE = 0.05;
/** What it is left while nothing that it does can help. */
const UNHELPED_SHARE = 0.25;
/** So many more looks at which a build was slow in vain than at which nothing lagged: 10 s. */
const LOOKS_IN_VAIN = 40;
/** By so much the share rises with each look at which nothing lags. */
const RISE = 0.05;
/** Of one batch, so that no rest is long: one that took longer waited for its server. */
const MOST_COUNTED_MS = 1_000;
const LOOK_AGAIN_MS = 100;

/** How a live generation does beside a build. */
export interface LiveLag {
  /** Age of the oldest record that it lacks. */
  readonly lagMs: number;
  /** False: it lacks some and has not moved for long, or nobody knows. */
  readonly isFed: boolean;
}

/**
 * The share of its time in which a build may work from now on: half of what it was while a live
 * generation comes near its limit, a little more than it was while none does.
 */
export function nextShare(share: number, { lagMs, isFed }: LiveLag, limitMs: number): number {
  if (!isFed) return Math.min(share + RISE, UNHELPED_SHARE);
  if (lagMs >= limitMs) return LEAST_SHARE;
  if (lagMs >= limitMs * SLOWED_FROM) return Math.max(share / 2, LEAST_SHARE);
  return Math.min(share + RISE, 1);
}

/**
 * Whether it helps a live generation that a build is slow. One that goes on lagging while the build
 * has little of its time lags for another reason: its own rebuild, say, or a slow server. Then it
 * is minded no more than one that nobody feeds, until it lags no longer.
 */
export class Helped {
  #inVain = 0;
  #isHelped = true;

  /** After each look: `share` is what the build had until then. */
  look(share: number, lagMs: number, limitMs: number): boolean {
    if (lagMs < limitMs * SLOWED_FROM) this.#inVain = Math.max(this.#inVain - 1, 0);
    else if (share <= UNHELPED_SHARE) this.#inVain = Math.min(this.#inVain + 1, LOOKS_IN_VAIN);
    if (this.#inVain === LOOKS_IN_VAIN) this.#isHelped = false;
    if (this.#inVain === 0) this.#isHelped = true;
    return this.#isHelped;
  }
}

/**
 * How fast a build goes. At full speed all its partitions work at once. Below it they do it one
 * after the other, each followed by a rest, so that together they work no more than their share.
 */
export class Pace {
  /** From above 0 to 1, which is without any rest. */
  share = 1;
  /** Resolves when the last one that came has worked and rested. */
  #turns: Promise<void> = Promise.resolve();

  get isSlowed(): boolean {
    return this.share < 1;
  }

  /** Does the work when it is its turn, and gives what it gives; the next one waits for the rest. */
  async work<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (!this.isSlowed) return work();
    const before = this.#turns;
    const rested = Promise.withResolvers<void>();
    this.#turns = rested.promise;
    await before;
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      rested.resolve(this.rest(performance.now() - startedMs, signal));
    }
  }

  /** After work of so long. Resolves when it may go on, or `signal` aborts. */
  async rest(workedMs: number, signal: AbortSignal): Promise<void> {
    let leftMs = Math.min(workedMs, MOST_COUNTED_MS);
    while (leftMs > 0 && this.isSlowed && !signal.aborted) {
      // Working time that a millisecond of rest makes up for.
      const rate = this.share / (1 - this.share);
      const startedMs = performance.now();
      await pause(Math.min(leftMs / rate, LOOK_AGAIN_MS), signal);
      leftMs -= (performance.now() - startedMs) * rate;
    }
  }
}
