import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, startPlatform } from "../../cli/serve/platform.ts";
import { newApiKey } from "../../platform/access/api-key.ts";
import { addKey } from "../../platform/access/key-file.ts";
import type { Role } from "../../platform/access/roles.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";

const READY_WITHIN_MILLISECONDS = 60_000;
const LOOK_EVERY_MILLISECONDS = 50;

/** Who asks in the tests: two traders, one who only looks, and who looks after the platform. */
export const callers = ["anna", "ben", "reader", "operator"] as const;
export type CallerName = (typeof callers)[number];

const ABOUT: Readonly<Record<CallerName, { role: Role; traderId: string | null }>> = {
  anna: { role: "trader", traderId: "t-1" },
  ben: { role: "trader", traderId: "t-2" },
  reader: { role: "reader", traderId: null },
  operator: { role: "operator", traderId: null },
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape
  readonly body: any;
}

/** The whole platform behind a file of keys. */
export class KeyedPlatform {
  readonly platform: Platform;
  readonly keysFile: string;
  readonly keys: Readonly<Record<CallerName, string>>;
  readonly logged: string[];
  readonly #folder: string;

  private constructor(
    parts: Pick<KeyedPlatform, "platform" | "keysFile" | "keys" | "logged"> & {
      readonly folder: string;
    },
  ) {
    this.platform = parts.platform;
    this.keysFile = parts.keysFile;
    this.keys = parts.keys;
    this.logged = parts.logged;
    this.#folder = parts.folder;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<KeyedPlatform> {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-who-may-"));
    const keysFile = join(folder, "api-keys.jsonl");
    const keys = Object.fromEntries(callers.map((name) => [name, makeKey(keysFile, name)]));
    const given = { CH_DATA_FOLDER: join(folder, "data"), CH_API_KEYS_FILE: keysFile };
    const config = readConfig({ ...given, ...environment });
    const logged: string[] = [];
    const logger = createLogger("debug", { write: (line) => void logged.push(line) });
    const parts = ["command-side", "projections", "query-api"] as const;
    const platform = await startPlatform({ config, parts, logger, port: 0 });
    const known = keys as Readonly<Record<CallerName, string>>;
    const keyed = new KeyedPlatform({ platform, keysFile, keys: known, logged, folder });
    await keyed.until("operator", "/readyz");
    return keyed;
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Of a stream, only the head is read. */
  async ask(caller: CallerName | null, path: string, init: RequestInit = {}): Promise<Answer> {
    const bearing = caller === null ? {} : { Authorization: `Bearer ${this.keys[caller]}` };
    const ended = new AbortController();
    const headers = { ...bearing, ...init.headers };
    const url = this.platform.url + path;
    const response = await fetch(url, { signal: ended.signal, ...init, headers });
    const type = response.headers.get("Content-Type") ?? "";
    const text = type.startsWith("text/event-stream") ? "" : await response.text();
    ended.abort();
    const body = /[/+]json(;|$)/.test(type) && text !== "" ? JSON.parse(text) : null;
    return { status: response.status, headers: response.headers, text, body };
  }

  send(caller: CallerName, path: string, data: unknown, more: Record<string, string> = {}) {
    const headers = { "Content-Type": "application/json", ...more };
    return this.ask(caller, path, { method: "POST", headers, body: JSON.stringify(data) });
  }

  /** Waits until the caller is answered with 200. */
  async until(caller: CallerName, path: string): Promise<Answer> {
    const deadline = performance.now() + READY_WITHIN_MILLISECONDS;
    for (;;) {
      const answer = await this.ask(caller, path);
      if (answer.status === 200) return answer;
      if (performance.now() > deadline) throw new Error(`${path}: ${answer.text}`);
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }
}

function makeKey(file: string, name: CallerName): string {
  const createdAt = new Date().toISOString();
  const { text, key } = newApiKey({ ...ABOUT[name], label: name, createdAt, expiresAt: null });
  addKey(file, key);
  return text;
}
