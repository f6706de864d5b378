import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

const RESTS_MILLISECONDS = 10;
const FINDINGS_KEPT = 10;

type Rows = readonly unknown[];

interface Asked {
  /** A query whose first page keeps its rows for ever. */
  readonly path: string;
  /** How to tell a row again. */
  readonly keyOf: (row: Record<string, unknown>) => string;
  /** The same row is never another. */
  readonly immutable: boolean;
  /** Between an answer and the next question. */
  readonly restMs?: number;
}

interface Answer {
  readonly generation: number;
  readonly position: Readonly<Record<string, number>>;
  readonly data: Rows;
}

/**
 * A reader that polls one query the whole time and keeps what it has seen. Its findings are what
 * no rebuild may cause: a failed request, an older position or generation, a row that is missing
 * or has changed though it must not, rows of one position beside the position of another.
 */
export class PollingReader {
  readonly findings: string[] = [];
  readonly generations = new Set<number>();
  answers = 0;
  readonly #url: string;
  readonly #asked: Asked;
  readonly #seen = new Map<string, unknown>();
  #last: Answer | null = null;
  #stopped = false;
  readonly #polling: Promise<void>;

  constructor(url: string, asked: Asked) {
    this.#url = url;
    this.#asked = asked;
    this.#polling = this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#polling;
  }

  async #poll(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#look();
      } catch (error) {
        this.#find(`the request failed: ${String(error)}`);
      }
      // One that nobody stops, because its test has failed, keeps no process alive.
      await sleep(this.#asked.restMs ?? RESTS_MILLISECONDS, undefined, { ref: false });
    }
  }

  async #look(): Promise<void> {
    const response = await fetch(this.#url + this.#asked.path);
    const text = await response.text();
    if (!response.ok) return this.#find(`${response.status} ${text}`);
    const answer: Answer = JSON.parse(text);
    this.answers += 1;
    this.generations.add(answer.generation);
    this.#compare(answer);
    this.#last = answer;
  }

  #compare(answer: Answer): void {
    const before = this.#last;
    if (before !== null && answer.generation < before.generation) {
      this.#find(`generation ${answer.generation} after ${before.generation}`);
    }
    for (const [partition, position] of Object.entries(before?.position ?? {})) {
      const now = answer.position[partition];
      if (now === undefined || now < position) this.#find(`${partition}: ${now} after ${position}`);
    }
    // Positions never go back, so that answers of one position come one after the other.
    if (before !== null && isDeepStrictEqual(answer.position, before.position)) {
      const at = JSON.stringify(answer.position);
      if (!isDeepStrictEqual(answer.data, before.data)) this.#find(`two answers at ${at}`);
    }
    this.#compareRows(answer);
  }

  #compareRows(answer: Answer): void {
    const rows = new Map(answer.data.map((row) => this.#keyed(row as Record<string, unknown>)));
    for (const [key, row] of this.#seen) {
      if (!rows.has(key)) this.#find(`generation ${answer.generation} misses ${key}`);
      else if (this.#asked.immutable && !isDeepStrictEqual(rows.get(key), row)) {
        this.#find(`generation ${answer.generation} has another ${key}`);
      }
    }
    for (const [key, row] of rows) this.#seen.set(key, row);
  }

  #keyed(row: Record<string, unknown>): [string, unknown] {
    return [this.#asked.keyOf(row), row];
  }

  #find(finding: string): void {
    if (this.findings.length < FINDINGS_KEPT) this.findings.push(`${this.#asked.path}: ${finding}`);
  }
}
