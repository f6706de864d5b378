import { pause } from "../interrupts.ts";
import type { DemoSecond } from "./market.ts";
import { statusLine } from "./status-line.ts";
import { type DemoParts, type LiveMarket, submitAll } from "./take-in.ts";

const SECOND_MS = 1_000;
const USUAL_COLUMNS = 80;

/** Goes on with the market, each second when it is over, until Ctrl-C. */
export async function tickLive(market: LiveMarket, parts: DemoParts): Promise<void> {
  const status = startStatus(parts);
  while (!parts.interrupted.aborted) {
    const second = market.seconds.next();
    if (second.done) return;
    await pause(second.value.startMs + SECOND_MS - Date.now(), parts.interrupted);
    if (parts.interrupted.aborted) break;
    const lines = second.value.ticks.map((tick) => JSON.stringify(tick));
    if (lines.length > 0) await parts.session.sendTicks(asyncOf(lines), { source: "live" });
    const trades = market.traders.trade(second.value);
    if (trades.length > 0) await submitAll(trades, parts);
    status.show(second.value);
  }
  status.end();
}

/** One line that is written over each second, where there is a terminal; else nothing. */
function startStatus({ output }: DemoParts) {
  const prices = new Map<string, string>();
  let ticks = 0;
  return {
    show: ({ startMs, ticks: newTicks }: DemoSecond) => {
      if (!output.animated) return;
      ticks += newTicks.length;
      for (const { symbol, price } of newTicks) prices.set(symbol, price);
      const line = statusLine({ atMs: startMs + SECOND_MS, ticks, prices }, columnsOf(output));
      output.messages.write(`\r\u001b[K${line}`);
    },
    end: () => {
      if (output.animated) output.message("");
    },
  };
}

function columnsOf({ messages }: DemoParts["output"]): number {
  const columns = "columns" in messages ? messages.columns : null;
  return typeof columns === "number" && columns > 0 ? columns : USUAL_COLUMNS;
}

async function* asyncOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
