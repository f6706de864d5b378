import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { withHistory } from "./history/read-history.ts";
import type { PlatformProcess } from "./platform-process.ts";

export const INSTRUMENT = "binance:BTC-USDT";
export const FIRST_TICK_MS = 1_700_000_000_000;
/** Two ticks share each moment, so that twenty fill a minute. */
const TICK_STEP_MS = 6_000;

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** A client of the platform in a process; after a restart it goes on with the new process. */
export class ReadingClient {
  platform: PlatformProcess;
  readonly #folder: string;

  constructor(folder: string, platform: PlatformProcess) {
    this.#folder = folder;
    this.platform = platform;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return answerOf(await fetch(this.platform.url + path, { headers }));
  }

  /** All rows from a cursor on, so many at a time. */
  async pages(path: string, limit: number, from?: string): Promise<readonly Json[]> {
    const rows: Json[] = [];
    for (let cursor = from; ; ) {
      const parameters = `limit=${limit}${cursor === undefined ? "" : `&cursor=${cursor}`}`;
      const { status, body } = await this.get(
        `${path}${path.includes("?") ? "&" : "?"}${parameters}`,
      );
      expect(status, `${path} ${JSON.stringify(body)}`).to.equal(200);
      rows.push(...(body["data"] as Json[]));
      if (body["nextCursor"] === undefined) return rows;
      cursor = `${body["nextCursor"]}`;
    }
  }

  /** The answer once nothing is to be applied any more. */
  async caughtUp(path: string): Promise<Answer> {
    const token = await this.tokenBeyondTheEnd(0);
    return this.get(path, { "Consistency-Token": token, Prefer: "wait=30" });
  }

  async command(path: string, data: Json, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await answerOf(
      await fetch(`${this.platform.url}/v1/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": uuid(), ...headers },
        body: JSON.stringify(data),
      }),
    );
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer;
  }

  deposit(id: string, externalReference: string, headers: Record<string, string> = {}) {
    const data = { asset: "USDT", amount: "1000", externalReference };
    return this.command(`portfolios/${id}/deposit-funds`, data, headers);
  }

  /** Three trades share each moment, so that pages end between equal times. */
  trade(n: number) {
    const identity = { instrumentId: INSTRUMENT, tradeId: `t-${n}`, side: "buy" };
    const occurredAt = FIRST_TICK_MS + Math.floor(n / 3) * 1_000;
    const figures = { price: "100", quantity: "0.1", occurredAt };
    return this.command("portfolios/p-1/record-trade", { ...identity, ...figures });
  }

  sendTicks(first: number, count: number): Promise<Answer> {
    const ticks = Array.from({ length: count }, (_, i) => tickAt(first + i));
    return this.command("market/ticks?source=backfill", ticks as unknown as Json);
  }

  /** A token of this log that asks for so many events more than there are. */
  async tokenBeyondTheEnd(events: number): Promise<string> {
    return withHistory(this.#folder, async ({ log }) => {
      const logId = await log.logId();
      const positions = new Map<`${string}/${number}`, number>();
      for (const topic of ["portfolio.events", "market.events"]) {
        for (const [partition, end] of (await log.ends(topic)).entries()) {
          const more = topic === "portfolio.events" && partition === 0 ? events : 0;
          positions.set(`${topic}/${partition}`, end + more);
        }
      }
      return encodeConsistencyToken({ logId, positions });
    });
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === "" ? {} : JSON.parse(text) };
}

export function tokenOf(headers: Headers): string {
  const token = headers.get("Consistency-Token");
  if (token === null) throw new Error("the answer carries no consistency token");
  return token;
}

export function tickAt(id: number) {
  const price = (60_000 + (id % 50)).toFixed(2);
  const timestamp = FIRST_TICK_MS + Math.floor(id / 2) * TICK_STEP_MS;
  return { exchange: "binance", symbol: "BTCUSDT", price, volume: "0.5", timestamp, tradeId: id };
}
