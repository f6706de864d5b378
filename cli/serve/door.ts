import { newApiKey } from "../../platform/access/api-key.ts";
import { KeyRing } from "../../platform/access/key-ring.ts";
import type { Config } from "../../platform/config/config.ts";
import { type Door, OPEN_DOOR } from "../../platform/http/door.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";

/** The door of a process's server. */
export interface ProcessDoor {
  readonly door: Door;
  /** A key that this process has made for itself and tells nobody; null: no key is needed. */
  readonly ownKey: string | null;
}

/** Opens the file of keys, where there is one. */
export function openDoor({ apiKeysFile }: Config, logger: Logger): ProcessDoor {
  if (apiKeysFile === null) return { door: OPEN_DOOR, ownKey: null };
  const clock = Date.now;
  const createdAt = new Date(clock()).toISOString();
  const about = { traderId: null, label: "the process itself", createdAt, expiresAt: null };
  const own = newApiKey({ role: "operator", ...about });
  const keys = new KeyRing({ file: apiKeysFile, logger, clock, own: own.key });
  return { door: { keys }, ownKey: own.text };
}
