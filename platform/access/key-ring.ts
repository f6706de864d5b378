import { statSync } from "node:fs";
import { PlatformError } from "../errors/catalogue.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type ApiKey, idIn, isApiKey } from "./api-key.ts";
import { readKeyFile, type StoredKey, type StoredKeys, stateOf } from "./key-file.ts";

/** A key that is revoked holds this much longer at most. */
const LOOK_EVERY_MS = 1_000;

export interface KeyRingParts {
  readonly file: string;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly clock: () => number;
  /** A key that this process has made for itself, and nobody else knows. */
  readonly own?: ApiKey | null;
}

/** What a text that claims to be a key turns out to be; `reason` is for its bearer. */
export type Recognised =
  | { readonly key: ApiKey; readonly reason: null }
  | { readonly key: null; readonly reason: string };

/** The keys of a file, which is read again whenever it has changed. */
export class KeyRing {
  readonly #parts: KeyRingParts;
  #keys: StoredKeys = new Map();
  #version = "";
  #lookedAtMs: number;
  #trouble: string | null = null;

  /** CONFIG_INVALID where the file cannot be used, or holds no key that can. */
  constructor(parts: KeyRingParts) {
    this.#parts = parts;
    this.#version = versionOf(parts.file);
    this.#keys = readKeyFile(parts.file);
    this.#lookedAtMs = parts.clock();
    if (this.#usableCount() === 0) throw noKey(parts.file);
  }

  /** Whether a key that was recognised opens anything still. */
  holds({ id }: ApiKey): boolean {
    this.#look();
    const stored = this.#stored(id);
    return stored !== null && stateOf(stored, this.#parts.clock()) === "holds";
  }

  recognise(text: string): Recognised {
    this.#look();
    const id = idIn(text);
    const stored = id === null ? null : this.#stored(id);
    if (!isApiKey(text, stored?.key ?? null) || !stored) return rejected("The key is not known.");
    const { key, revokedAt } = stored;
    switch (stateOf(stored, this.#parts.clock())) {
      case "holds":
        return { key, reason: null };
      case "revoked":
        return rejected(`The key ${key.id} was revoked at ${revokedAt}.`);
      case "expired":
        return rejected(`The key ${key.id} expired at ${key.expiresAt}.`);
    }
  }

  #stored(id: string): StoredKey | null {
    const { own = null } = this.#parts;
    return own?.id === id ? { key: own, revokedAt: null } : (this.#keys.get(id) ?? null);
  }

  #usableCount(): number {
    const nowMs = this.#parts.clock();
    return [...this.#keys.values()].filter((one) => stateOf(one, nowMs) === "holds").length;
  }

  /** A file that has become unreadable locks nobody out: the keys read before hold on. */
  #look(): void {
    const { file, logger, clock } = this.#parts;
    const nowMs = clock();
    if (Math.abs(nowMs - this.#lookedAtMs) < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    try {
      const version = versionOf(file);
      if (version === this.#version) return;
      this.#keys = readKeyFile(file);
      this.#version = version;
      this.#trouble = null;
      logger.info({ keys: this.#usableCount() }, "the file of keys was read again");
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== this.#trouble) {
        logger.error(
          { reason: trouble },
          "the file of keys cannot be read; the keys before hold on",
        );
      }
      this.#trouble = trouble;
    }
  }
}

/** Changes with every append, replacement and change of mode. */
function versionOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

function rejected(reason: string): Recognised {
  return { key: null, reason };
}

function noKey(file: string): PlatformError {
  const todo = "make one with: cipherhorizon keys create --role operator";
  return new PlatformError("CONFIG_INVALID", `CH_API_KEYS_FILE: ${file} holds no key; ${todo}`);
}
