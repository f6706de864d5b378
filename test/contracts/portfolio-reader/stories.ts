import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BigNumber } from "bignumber.js";
import type { Random } from "../../../cli/demo/random.ts";
import {
  openStory,
  type Story,
} from "../../../command-side/contexts/portfolio/portfolio/story.fixture.ts";
import { decimal } from "../../../platform/kernel/decimal.ts";
import { sampleRows } from "../../sample-data.ts";

/** Trades of two instruments, transfers and reversals; what is refused is left out. */
export function randomStory(random: Random): Story {
  const story = openStory({ costMethod: random.chance(0.5) ? "fifo" : "average" });
  story.deposit("USDT", "10000");
  const tradeIds: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    const isReversal = tradeIds.length > 0 && random.chance(0.2);
    if (isReversal) {
      story.reverse(tradeIds[random.integer(0, tradeIds.length - 1)] ?? "");
      continue;
    }
    const base = random.chance(0.5) ? "BTC" : "ETH";
    const instrumentId = `binance:${base}-USDT`;
    const price = `${random.integer(1, 200)}.${random.integer(0, 99)}`;
    const side = random.chance(0.6) ? "buy" : "sell";
    const fill = story.fill(side, `0.${random.integer(1, 999)}@${price}`, { instrumentId });
    if (story.try("RecordTrade", fill).outcome === "accepted") tradeIds.push(String(fill.tradeId));
  }
  return story;
}

const FILLS = "fills/binance_btcusdt_fills_2019-10_2020-08.csv.gz";
const REFERENCE = "reference/fills-accounting_binance_btcusdt.json";

/** BNB fees are not valued in the reference, so they get no rate here. */
export function realAccount(folder: string, costMethod: string): Story {
  const story = openStory({ costMethod });
  story.deposit("USDT", "1000000");
  story.deposit("BTC", "0.01", { unitCost: "9200" });
  story.deposit("BNB", "100", { unitCost: "20" });
  for (const row of sampleRows(folder, FILLS)) {
    const { side, price, quantity, fee, liquidity } = row;
    story.run("RecordTrade", {
      ...{ side, price, quantity, fee, liquidity },
      instrumentId: "binance:BTC-USDT",
      tradeId: row.trade_id,
      feeCurrency: row.fee_currency,
      occurredAt: Number(row.timestamp),
    });
  }
  return story;
}

export function finalCheckpoint(folder: string, method: string): Record<string, string> {
  return JSON.parse(readFileSync(join(folder, REFERENCE), "utf8"))[method]["3432"];
}

/** Rounded half-even to the reference's 8 places. */
export function places(text: string | null | undefined): string {
  return decimal(text ?? "").toFixed(8, BigNumber.ROUND_HALF_EVEN);
}
