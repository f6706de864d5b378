import { newApiKey } from "../../platform/access/api-key.ts";
import { KeyRing } from "../../platform/access/key-ring.ts";
import { memoryRateLimiter } from "../../platform/access/rate-limit.ts";
import type { Config } from "../../platform/config/config.ts";
import { DEFAULT_RATE_LIMIT_REQUESTS } from "../../platform/config/variables.ts";
import type { Door } from "../../platform/http/door.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";

/** The door of a process's server. */
export interface ProcessDoor {
  readonly door: Door;
  /** A key that this process has made for itself and tells nobody; null: no key is needed. */
  readonly ownKey: string | null;
}

/** Opens the file of keys, where there is one, and counts requests, where that is wanted. */
export function openDoor(config: Config, logger: Logger): ProcessDoor {
  const limiter = limiterOf(config);
  const { apiKeysFile } = config;
  if (apiKeysFile === null) return { door: { keys: null, limiter }, ownKey: null };
  const clock = Date.now;
  const createdAt = new Date(clock()).toISOString();
  const about = { traderId: null, label: "the process itself", createdAt, expiresAt: null };
  const own = newApiKey({ role: "operator", ...about });
  const keys = new KeyRing({ file: apiKeysFile, logger, clock, own: own.key });
  return { door: { keys, limiter }, ownKey: own.text };
}

function limiterOf({ apiKeysFile, rateLimitRequests, rateLimitSeconds }: Config) {
  const requests = rateLimitRequests ?? (apiKeysFile === null ? 0 : DEFAULT_RATE_LIMIT_REQUESTS);
  return requests === 0 ? null : memoryRateLimiter({ requests, windowSeconds: rateLimitSeconds });
}
