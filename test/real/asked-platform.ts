import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v7 } from "uuid";
import { type Platform, startPlatform } from "../../cli/serve/platform.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import type { Explanation } from "../../query-api/projections/explain-answer.ts";

export const HAPPENS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

export interface Answer {
  readonly status: number;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly data?: Record<string, unknown> };
}

/** The whole platform in this process, in a folder of its own, asked over HTTP. */
export class AskedPlatform {
  readonly platform: Platform;
  readonly #folder: string;

  private constructor(platform: Platform, folder: string) {
    this.platform = platform;
    this.#folder = folder;
  }

  /** Resolves when it is ready. */
  static async start(environment: Readonly<Record<string, string>>): Promise<AskedPlatform> {
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-serve-"));
    const config = readConfig({
      CH_DATA_FOLDER: folder,
      CH_GENERATION_GRACE_SECONDS: "2",
      ...environment,
    });
    const parts = ["command-side", "projections", "query-api"] as const;
    const logger = createLogger("silent");
    const platform = await startPlatform({ config, parts, logger, port: 0 });
    const asked = new AskedPlatform(platform, folder);
    await asked.untilReady();
    return asked;
  }

  async command(path: string, data: unknown): Promise<Answer> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": v7() };
    const options = { method: "POST", headers, body: JSON.stringify(data) };
    return answerOf(await fetch(`${this.platform.url}/v1/${path}`, options));
  }

  async get(path: string, token = ""): Promise<Answer> {
    const headers: Record<string, string> = { Prefer: "wait=30" };
    if (token !== "") headers["Consistency-Token"] = token;
    return answerOf(await fetch(this.platform.url + path, { headers }));
  }

  /** What a query answers once it has seen the command. */
  async dataAfter({ token }: Answer, path: string): Promise<unknown> {
    const { status, body } = await this.get(path, token);
    expect(status, JSON.stringify(body)).to.equal(200);
    return body.data;
  }

  /** How a row came to be what it is, once the command was seen: its events must make it so. */
  async explainedAfter(
    answer: Answer,
    row: { readonly projection: string; readonly table: string; readonly key: readonly unknown[] },
  ): Promise<Explanation> {
    const query = new URLSearchParams({ table: row.table, key: JSON.stringify(row.key) });
    const path = `/v1/projections/${row.projection}/explain?${query}`;
    const explained = (await this.dataAfter(answer, path)) as Explanation;
    expect(explained, JSON.stringify(explained)).to.deep.include({ agrees: true, differs: [] });
    return explained;
  }

  async untilReady(): Promise<void> {
    await until(async () => (await this.get("/readyz")).status === 200);
  }

  /** Until readiness says that the live generation of it waits for its store with a batch. */
  async untilStuck(projection: string): Promise<void> {
    const what = new RegExp(`projectors: generation \\d+ of ${projection} is waiting to apply `);
    await until(async () => {
      const { status, body } = await this.get("/readyz");
      return status === 503 && what.test(String(body["detail"]));
    });
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const token = response.headers.get("consistency-token") ?? "";
  return { status: response.status, token, body: (await response.json()) as Answer["body"] };
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen in time");
    await sleep(LOOK_EVERY_MS);
  }
}
