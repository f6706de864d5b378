import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 } from "uuid";
import { type Part, type Platform, startPlatform } from "../../../cli/serve/platform.ts";
import { readConfig } from "../../../platform/config/config.ts";
import { createLogger } from "../../../platform/telemetry/logger.ts";
import { projectionNames } from "../../../projections/registry.ts";
import type { PartsStack } from "./parts-stack.ts";

/** The whole platform, each part started from its own environment, as separate processes are. */
export class PartsPlatform {
  readonly #stack: PartsStack;
  readonly #folder = mkdtempSync(join(tmpdir(), "cipherhorizon-parts-"));
  readonly #started: Platform[] = [];
  #commandSide = "";
  #queryApi = "";

  constructor(stack: PartsStack) {
    this.#stack = stack;
  }

  async start(): Promise<void> {
    this.#commandSide = (await this.startPart("command-side", "command-side")).url;
    for (const name of projectionNames) await this.startPart(`projections-${name}`, "projections");
    this.#queryApi = (await this.startPart("query-api", "query-api")).url;
  }

  async startPart(name: string, part: Part): Promise<Platform> {
    const environment = {
      CH_DATA_FOLDER: this.#folder,
      // A generation that was replaced goes soon.
      CH_GENERATION_GRACE_SECONDS: "2",
      ...this.#stack.environmentOf(name),
    };
    const config = readConfig(environment);
    const logger = createLogger("silent");
    const platform = await startPlatform({ config, parts: [part], logger, port: 0 });
    this.#started.push(platform);
    return platform;
  }

  /** Throws where it is refused. */
  async command(path: string, data: unknown): Promise<void> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": v7() };
    const options = { method: "POST", headers, body: JSON.stringify(data) };
    const response = await fetch(`${this.#commandSide}/v1/${path}`, options);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  /** As text; empty where it is not answered. */
  async answer(path: string): Promise<string> {
    const response = await fetch(`${this.#queryApi}${path}`);
    const text = await response.text();
    return response.ok ? text : "";
  }

  async stop(): Promise<void> {
    for (const platform of this.#started.toReversed()) await platform.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
