import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { jsonLines, type RunningCli, runCli, startCli } from "./run-cli.ts";

export const IMPORTED_INSTRUMENT = "binance:FILE-USDT";
export const IMPORTED_TICKS = 60_000;
const FIRST_TICK_MS = 1_710_000_000_000;
const TICK_STEP_MS = 40;

/** `cipherhorizon import ticks` of one file beside a server, to be killed and run again. */
export class KilledImport {
  readonly #words: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #cli: RunningCli | null = null;

  constructor(file: string, dataFolder: string) {
    writeFileSync(file, csv());
    this.#words = ["import", "ticks", file, "--register", "--json"];
    this.#environment = { CH_DATA_FOLDER: dataFolder };
  }

  start(): void {
    this.#cli = startCli(this.#words, this.#environment);
  }

  /** True while an import is under way. */
  get isRunning(): boolean {
    return this.#cli !== null && this.#cli.child.exitCode === null;
  }

  async kill(): Promise<void> {
    this.#cli?.child.kill("SIGKILL");
    await this.#cli?.ended();
    this.#cli = null;
  }

  /** The whole file once more: what is there already are duplicates. */
  async finish(): Promise<void> {
    const { exitCode, stdout, stderr } = await runCli(this.#words, this.#environment);
    expect(exitCode, stderr).to.equal(0);
    const { accepted, duplicates } = jsonLines(stdout).at(-1) as Record<string, number>;
    expect(Number(accepted) + Number(duplicates)).to.equal(IMPORTED_TICKS);
  }
}

function csv(): string {
  const rows = Array.from({ length: IMPORTED_TICKS }, (_, i) => {
    const price = (20 + (i % 400) / 100).toFixed(2);
    const timestamp = FIRST_TICK_MS + i * TICK_STEP_MS;
    return `binance,FILEUSDT,${price},${1 + (i % 5)},${timestamp},${i + 1},buy,0`;
  });
  return ["exchange,symbol,price,volume,timestamp,trade_id,side,recv_ns", ...rows, ""].join("\n");
}
