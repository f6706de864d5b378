import type { TickData } from "../../../command-side/contexts/market-data/instrument/commands.ts";
import { decider } from "../../../command-side/contexts/market-data/instrument/decide.ts";
import type { InstrumentEvent } from "../../../command-side/contexts/market-data/instrument/events.ts";
import {
  close,
  record,
  registered,
} from "../../../command-side/contexts/market-data/instrument/instrument.fixture.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import type { MarketReader } from "../../../projections/ticks-and-candles/store.ts";
import type { MarketDataEvent } from "../../../schemas/generated/market-data.ts";
import { TEST_CONTEXT } from "../../given.ts";
import type { ReadModelHarness } from "../reader-harness.ts";

export type Harness = ReadModelHarness<MarketDataEvent, MarketReader>;

export const ID = "binance:BTC-USDT";
export const T0 = Date.parse("2024-08-08T23:50:00Z");
export const NOW_MS = Date.parse("2026-11-20T00:00:00Z");
export const MINUTE_MS = 60_000;
export const EVER = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** An instrument as its decider decides it, telling its events to the read model. */
export class Feed {
  readonly #model: Harness;
  readonly #id: string;
  #state = decider.initialState();

  constructor(model: Harness, id = ID) {
    this.#model = model;
    this.#id = id;
  }

  async register(more: Parameters<typeof registered>[0] = {}): Promise<this> {
    await this.#take([registered(more)]);
    return this;
  }

  async decide(command: Parameters<typeof decider.decide>[1], nowMs = NOW_MS): Promise<void> {
    const decision = decider.decide(this.#state, command, {
      ...TEST_CONTEXT,
      nowMs,
      aggregateId: this.#id,
    });
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    await this.#take(decision.events);
  }

  ticks(ticks: readonly TickData[], size = 250): Promise<void> {
    return this.#inParts(ticks, size);
  }

  close(upToMs = NOW_MS): Promise<void> {
    return this.decide(close(upToMs));
  }

  async #inParts(ticks: readonly TickData[], size: number): Promise<void> {
    for (let at = 0; at < ticks.length; at += size) {
      await this.decide(record(ticks.slice(at, at + size), { source: "backfill" }));
    }
  }

  async #take(events: readonly InstrumentEvent[]): Promise<void> {
    for (const event of events) this.#state = decider.evolve(this.#state, event);
    await this.#model.take(this.#id, events);
  }
}

/** A tick at so many ms after T0. */
export function tick(
  offsetMs: number,
  price: string,
  more: Partial<TickData> & { of?: string } = {},
): TickData {
  const { of = "1", ...rest } = more;
  const exact = { price: decimal(price), volume: decimal(of) };
  const values = { timeMs: T0 + offsetMs, ...exact, side: "buy", tradeId: null } as const;
  return { ...values, occurrence: 0, ...rest };
}
