import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BigNumber } from "bignumber.js";
import { expect } from "chai";
import { type Decimal, decimal, quotient } from "../../../../platform/kernel/decimal.ts";
import { describeWithSampleData, sampleRows } from "../../../../test/sample-data.ts";
import { decider } from "./decide.ts";
import { openLots } from "./lots.ts";
import { lotsOf } from "./open-state.ts";
import { openStory, type Story, snapshotOf, throughAvro } from "./story.fixture.ts";

const FILLS = "fills/binance_btcusdt_fills_2019-10_2020-08.csv.gz";
const REFERENCE = "reference/fills-accounting_binance_btcusdt.json";
const OPENING_CASH = "1000000";

interface Checkpoint {
  readonly qty: string;
  readonly cost_basis: string;
  readonly avg_cost: string;
  readonly realized_pnl: string;
  readonly cash_change_usdt: string;
  readonly fees: Readonly<Record<string, string>>;
  readonly open_lots: number | null;
}

interface Final {
  readonly mark: string;
  readonly unrealized_pnl: string;
}

type Reference = Readonly<Record<string, Checkpoint>> & { readonly final: Final };

/** The policy of the reference: an opening lot, and what else the fills need is there. */
function openAccount(costMethod: "average" | "fifo"): Story {
  const story = openStory({ costMethod });
  story.deposit("USDT", OPENING_CASH);
  story.deposit("BTC", "0.01", { unitCost: "9200" });
  story.deposit("BNB", "100", { unitCost: "20" });
  return story;
}

function recordFill(story: Story, row: Readonly<Record<string, string>>): void {
  story.run("RecordTrade", {
    instrumentId: "binance:BTC-USDT",
    tradeId: row["trade_id"],
    side: row["side"],
    price: row["price"],
    quantity: row["quantity"],
    fee: row["fee"],
    feeCurrency: row["fee_currency"],
    liquidity: row["liquidity"],
    occurredAt: Number(row["timestamp"]),
  });
}

/** Rounded half-even to the reference's 8 places. */
function toPlaces(value: Decimal): string {
  return value.toFixed(8, BigNumber.ROUND_HALF_EVEN);
}

function checkpointOf(story: Story, hasLots: boolean): Checkpoint {
  const { quantity, cost, realisedNet } = story.holding("BTC");
  const cash = story.holding("USDT").quantity;
  const feesOf = (asset: string) => toPlaces(story.balance(`fees:${asset}`));
  return {
    qty: toPlaces(quantity),
    cost_basis: toPlaces(cost),
    avg_cost: toPlaces(quotient(cost, quantity)),
    realized_pnl: toPlaces(realisedNet),
    cash_change_usdt: toPlaces(cash.minus(decimal(OPENING_CASH))),
    fees: { BTC: feesOf("BTC"), USDT: feesOf("USDT"), BNB: feesOf("BNB") },
    open_lots: hasLots ? openLots(lotsOf(story.state, "BTC")).length : null,
  };
}

describeWithSampleData("A9: 3,432 fills of a real account", (folder) => {
  const methods = [
    ["average", "average_cost"],
    ["fifo", "fifo"],
  ] as const;

  for (const [costMethod, name] of methods) {
    it(`equal the reference at every checkpoint (${costMethod})`, () => {
      const reference: Reference = JSON.parse(readFileSync(join(folder, REFERENCE), "utf8"))[name];
      const rows = sampleRows(folder, FILLS);
      expect(rows).to.have.lengthOf(3_432);
      const story = openAccount(costMethod);
      let compared = 0;
      for (const row of rows) {
        recordFill(story, row);
        const seq = row["seq"] ?? "";
        const expected = reference[seq];
        if (!expected) continue;
        const { seq: _, ...figures } = { seq, ...expected };
        expect(checkpointOf(story, costMethod === "fifo"), `seq ${seq}`).to.deep.equal(figures);
        compared += 1;
      }
      expect(compared).to.equal(8);
      const { mark, unrealized_pnl } = reference.final;
      const { quantity, cost } = story.holding("BTC");
      const unrealised = quantity.times(decimal(mark)).minus(cost);
      expect(toPlaces(unrealised)).to.equal(unrealized_pnl);
      expectRepeatsUnchanged(story, rows);
      expectSameFold(story);
    });
  }

  function expectRepeatsUnchanged(story: Story, rows: readonly Record<string, string>[]): void {
    const [events, before] = [story.events.length, story.snapshot()];
    for (const row of rows.toReversed()) recordFill(story, row);
    expect(story.events.length, "events after recording all fills again").to.equal(events);
    expect(story.snapshot()).to.deep.equal(before);
  }

  /** The figures come out of the log as they were decided. */
  function expectSameFold(story: Story): void {
    const folded = throughAvro(story.events).reduce(decider.evolve, decider.initialState());
    if (folded.status !== "open") throw new Error("not open");
    expect(snapshotOf(folded)).to.deep.equal(story.snapshot());
  }
});
