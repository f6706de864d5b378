import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v7 } from "uuid";
import { answersOk } from "../platform-process.ts";
import { freePort } from "../real/free-port.ts";
import { type RunningCli, startCli } from "../run-cli.ts";

const LOOK_EVERY_MS = 100;
/** Three processes start at once, on a machine that may have other things to do. */
export const HAPPENS_WITHIN_MS = 300_000;

type Environment = Readonly<Record<string, string>>;
export type Part = "command-side" | "projections" | "query-api";

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it did not happen in time: ${isSo}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Command side, projections and query API as three processes. */
export class ThreeProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), "cipherhorizon-tracing-"));
  readonly #running = new Map<Part, RunningCli>();
  readonly #urls = new Map<Part, string>();

  async start(environment: Environment): Promise<void> {
    await this.#serve("command-side", environment);
    const known = { ...environment, CH_COMMAND_URL: this.url("command-side") };
    await Promise.all([
      this.#serve("projections", known),
      this.#serve("query-api", { ...known, CH_LOG_LEVEL: "warn" }),
    ]);
  }

  url(part: Part): string {
    return this.#urls.get(part) ?? "";
  }

  stderr(part: Part): string {
    return this.#running.get(part)?.stderr() ?? "";
  }

  /** Of a portfolio that is there already: a span that a batch shares is its first event's. */
  async deposit(id: string, headers: Environment = {}): Promise<Response> {
    const opened = await this.command(`portfolios/${id}/open-portfolio`, { name: id });
    const token = opened.headers.get("consistency-token") ?? "";
    await this.query(`portfolios/${id}`, { "Consistency-Token": token, Prefer: "wait=30" });
    const data = { asset: "USDT", amount: "1000", externalReference: id };
    return this.command(`portfolios/${id}/deposit-funds`, data, headers);
  }

  async command(path: string, data: unknown, headers: Environment = {}): Promise<Response> {
    const sent = { "Content-Type": "application/json", "Idempotency-Key": v7(), ...headers };
    const options = { method: "POST", headers: sent, body: JSON.stringify(data) };
    const response = await fetch(`${this.url("command-side")}/v1/${path}`, options);
    expect(response.status, await response.clone().text()).to.be.below(300);
    return response;
  }

  async query(path: string, headers: Environment = {}): Promise<Response> {
    const response = await fetch(`${this.url("query-api")}/v1/${path}`, { headers });
    expect(response.status, await response.clone().text()).to.equal(200);
    return response;
  }

  async metrics(part: Part): Promise<string> {
    return (await fetch(`${this.url(part)}/metrics`)).text();
  }

  /** Each ends by itself, with these exit codes. */
  async stop(): Promise<readonly (number | null)[]> {
    const all = [...this.#running.values()];
    for (const { child } of all) child.kill("SIGTERM");
    const runs = await Promise.all(all.map((one) => one.ended()));
    rmSync(this.folder, { recursive: true, force: true });
    return runs.map(({ exitCode }) => exitCode);
  }

  async #serve(part: Part, environment: Environment): Promise<void> {
    const port = String(await freePort());
    const ports = { CH_PORT: port, CH_COMMAND_PORT: port, CH_PROJECTIONS_PORT: port };
    const own = { CH_DATA_FOLDER: this.folder, ...ports, ...environment };
    const running = startCli(["serve", part, "--json"], own);
    this.#running.set(part, running);
    const url = `http://127.0.0.1:${port}`;
    this.#urls.set(part, url);
    await until(async () => {
      const { exitCode } = running.child;
      if (exitCode !== null) throw new Error(`${part} ended: ${running.stderr()}`);
      return answersOk(`${url}/readyz`);
    });
  }
}
