import { newApiKey } from "../../platform/access/api-key.ts";
import { KeyRing } from "../../platform/access/key-ring.ts";
import { memoryRateLimiter, type RateLimiter } from "../../platform/access/rate-limit.ts";
import type { Config } from "../../platform/config/config.ts";
import { DEFAULT_RATE_LIMIT_REQUESTS } from "../../platform/config/variables.ts";
import type { Door } from "../../platform/http/door.ts";
import type { ReadinessNote } from "../../platform/http/health.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";

/** The door of a process's server. */
export interface ProcessDoor {
  readonly door: Door;
  /** A key that this process has made for itself and tells nobody; null: no key is needed. */
  readonly ownKey: string | null;
  readonly notes: readonly ReadinessNote[];
  close(): Promise<void>;
}

/** Opens the file of keys, where there is one, and counts requests, where that is wanted. */
export async function openDoor(config: Config, logger: Logger): Promise<ProcessDoor> {
  const { limiter, ...counting } = await openLimiter(config, logger);
  const { apiKeysFile } = config;
  if (apiKeysFile === null) return { door: { keys: null, limiter }, ownKey: null, ...counting };
  const clock = Date.now;
  const createdAt = new Date(clock()).toISOString();
  const about = { traderId: null, label: "the process itself", createdAt, expiresAt: null };
  const own = newApiKey({ role: "operator", ...about });
  const keys = new KeyRing({ file: apiKeysFile, logger, clock, own: own.key });
  return { door: { keys, limiter }, ownKey: own.text, ...counting };
}

interface Counting extends Pick<ProcessDoor, "notes" | "close"> {
  readonly limiter: RateLimiter | null;
}

async function openLimiter(config: Config, logger: Logger): Promise<Counting> {
  const { apiKeysFile, rateLimitRequests, rateLimitSeconds, rateLimitRedisUrl: url } = config;
  const requests = rateLimitRequests ?? (apiKeysFile === null ? 0 : DEFAULT_RATE_LIMIT_REQUESTS);
  const alone = { notes: [], close: async () => undefined };
  if (requests === 0) return { limiter: null, ...alone };
  const policy = { requests, windowSeconds: rateLimitSeconds };
  if (url === null) return { limiter: memoryRateLimiter(policy), ...alone };
  const { SharedRateLimiter } = await import("../../platform/access/shared-rate-limit.ts");
  const limiter = await SharedRateLimiter.open({ url, policy, logger });
  const notes = [{ name: "rate limits", note: () => limiter.note }];
  return { limiter, notes, close: () => limiter.close() };
}
