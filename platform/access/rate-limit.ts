import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** So many requests in so long a window; a window begins with its first request. */
export interface RatePolicy {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** What is left to a source after a request of it was counted. */
export interface RateShare {
  /** False: the request was one too many. */
  readonly isLeft: boolean;
  readonly remaining: number;
  /** Until the window ends and all is left again. */
  readonly resetSeconds: number;
}

/** Counts the requests of each source: a key, or an address. */
export interface RateLimiter {
  readonly policy: RatePolicy;
  take(source: string): Promise<RateShare>;
}

/** Counts in this process alone: each of several processes gives a source the whole of its share. */
export function memoryRateLimiter(policy: RatePolicy): RateLimiter {
  const counts = new RateLimiterMemory({ points: policy.requests, duration: policy.windowSeconds });
  return {
    policy,
    take: (source) => consumed(counts, source),
  };
}

/** Takes one from a source's share; this library throws what is no error. */
export async function consumed(counts: RateLimiterAbstract, source: string): Promise<RateShare> {
  try {
    return shareOf(await counts.consume(source), true);
  } catch (error) {
    if (error instanceof RateLimiterRes) return shareOf(error, false);
    throw error;
  }
}

function shareOf({ remainingPoints, msBeforeNext }: RateLimiterRes, isLeft: boolean): RateShare {
  return { isLeft, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1_000) };
}
