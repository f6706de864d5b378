import { pause } from "../interrupts.ts";
import { type DemoParts, type LiveMarket, submitAll } from "./take-in.ts";

const SECOND_MS = 1_000;

/** Goes on with the market, each second when it is over, until Ctrl-C. */
export async function tickLive(market: LiveMarket, parts: DemoParts): Promise<void> {
  while (!parts.interrupted.aborted) {
    const second = market.seconds.next();
    if (second.done) return;
    await pause(second.value.startMs + SECOND_MS - Date.now(), parts.interrupted);
    if (parts.interrupted.aborted) return;
    const lines = second.value.ticks.map((tick) => JSON.stringify(tick));
    if (lines.length > 0) await parts.session.sendTicks(asyncOf(lines), { source: "live" });
    const trades = market.traders.trade(second.value);
    if (trades.length > 0) await submitAll(trades, parts);
  }
}

async function* asyncOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
