import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { measuredRequest } from "../telemetry/client-requests.ts";
import type { Logger } from "../telemetry/logger.ts";
import { rateLimitShared } from "../telemetry/metrics.ts";
import {
  consumed,
  memoryRateLimiter,
  type RateLimiter,
  type RatePolicy,
  type RateShare,
} from "./rate-limit.ts";

/** Of the keys in Redis: a user of the server's may be kept to them. */
const KEY_PREFIX = "limits";
/** A request waits no longer for being counted; it is counted in this process then. */
const ANSWER_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** So long a server that has failed is left alone, before one request tries it again. */
const LEFT_ALONE_MS = 1_000;

export interface SharedRateLimiterParts {
  /** `redis://user:password@host:port/database` */
  readonly url: string;
  readonly policy: RatePolicy;
  readonly logger: Logger;
}

/**
 * Counts in Redis, so that several processes give a source its share once, altogether. While Redis
 * is away each process counts by itself, and says so; a source then has a whole share in each.
 */
export class SharedRateLimiter implements RateLimiter {
  readonly policy: RatePolicy;
  readonly #client: Redis;
  readonly #shared: RateLimiterRedis;
  readonly #own: RateLimiter;
  readonly #logger: Logger;
  #away: { readonly reason: string; againAtMs: number } | null = null;

  private constructor({ url, policy, logger }: SharedRateLimiterParts) {
    this.policy = policy;
    this.#logger = logger;
    this.#own = memoryRateLimiter(policy);
    this.#client = clientOf(url);
    // What has happened is told by the request that failed; without a listener it would be thrown.
    this.#client.on("error", () => undefined);
    this.#client.on("ready", () => {
      if (this.#away !== null) this.#away.againAtMs = 0;
    });
    this.#shared = new RateLimiterRedis({
      storeClient: this.#client,
      keyPrefix: KEY_PREFIX,
      points: policy.requests,
      duration: policy.windowSeconds,
      rejectIfRedisNotReady: true,
    });
    rateLimitShared.set(1);
  }

  /** Resolves when Redis has answered, or has not in time: then it begins without. */
  static async open(parts: SharedRateLimiterParts): Promise<SharedRateLimiter> {
    const limiter = new SharedRateLimiter(parts);
    try {
      await limiter.#client.connect();
      await limiter.#client.ping();
    } catch (error) {
      limiter.#isAway(error);
    }
    return limiter;
  }

  /** Why requests are counted in this process alone; `null`: they are counted together. */
  get note(): string | null {
    if (this.#away === null) return null;
    return `counted in this process alone, for Redis is away: ${this.#away.reason}`;
  }

  async take(source: string): Promise<RateShare> {
    if (this.#isLeftAlone()) return this.#own.take(source);
    try {
      const share = await measuredRequest({ server: "redis", operation: "count" }, () => {
        return consumed(this.#shared, source);
      });
      this.#isBack();
      return share;
    } catch (error) {
      this.#isAway(error);
      return this.#own.take(source);
    }
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  /** Of the requests that come when it is tried again, one tries. */
  #isLeftAlone(): boolean {
    if (this.#away === null) return false;
    const nowMs = performance.now();
    if (nowMs < this.#away.againAtMs) return true;
    this.#away.againAtMs = nowMs + LEFT_ALONE_MS;
    return false;
  }

  #isAway(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const wasThere = this.#away === null;
    this.#away = { reason, againAtMs: performance.now() + LEFT_ALONE_MS };
    if (!wasThere) return;
    rateLimitShared.set(0);
    this.#logger.warn({ reason }, "Redis is away: requests are counted in this process alone");
  }

  #isBack(): void {
    if (this.#away === null) return;
    this.#away = null;
    rateLimitShared.set(1);
    this.#logger.info("Redis is back: requests are counted together again");
  }
}

/** Nothing waits for a connection, and nothing is sent twice: a request is counted once or here. */
function clientOf(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    connectionName: "cipherhorizon-limits",
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => LEFT_ALONE_MS,
  });
}
