import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { instrument } from "../command-side/contexts/market-data/instrument/index.ts";
import { portfolio } from "../command-side/contexts/portfolio/portfolio/index.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { Life, LifeWriter, openLogAlone, type PlainCommand } from "./lives.ts";
import { tell } from "./reads.ts";

const PORTFOLIOS = 1_000;
const INSTRUMENTS = 20;
/** Of all records; the rest are ticks and the candles that they close. */
const SHARE_OF_PORTFOLIOS = 0.16;
/** Commands of one aggregate that are decided and written at once. */
const AT_ONCE = 1_000;
const TICK_STEP_MS = 500;

export interface LongLog {
  readonly records: number;
  readonly ticks: number;
}

/**
 * Writes a log of at least so many records: deposits and withdrawals of portfolios, and ticks, each
 * in a record of its own, with the candles that they close.
 */
export async function writeLongLog(place: LogPlace, records: number): Promise<LongLog> {
  tell(`writing ${records} records`);
  const { log, codec, close } = await openLogAlone(place);
  const parts = { log, codec };
  const ofPortfolios = Math.ceil(records * SHARE_OF_PORTFOLIOS);
  const portfolioEvents = await writeAll(parts, {
    definition: portfolio,
    ids: Array.from({ length: PORTFOLIOS }, (_, number) => longLogIds.portfolio(number)),
    each: Math.ceil(ofPortfolios / PORTFOLIOS),
    commandsOf: fundsOf,
  });
  const ticks = Math.ceil((records - portfolioEvents) / INSTRUMENTS) * INSTRUMENTS;
  const instrumentEvents = await writeAll(parts, {
    definition: instrument,
    ids: Array.from({ length: INSTRUMENTS }, (_, number) => longLogIds.instrument(number)),
    each: ticks / INSTRUMENTS,
    commandsOf: ticksOf,
  });
  await close();
  return { records: portfolioEvents + instrumentEvents, ticks };
}

export const longLogIds = {
  portfolio: (number: number) => `long-${number}`,
  instrument: (number: number) => `long:LONG${number}-USDT`,
};

interface Written {
  readonly definition: AggregateDefinition;
  readonly ids: readonly string[];
  /** Commands of each, its first one not counted. */
  readonly each: number;
  /** Commands from a number on, up to another; with the first one before number 0. */
  readonly commandsOf: (range: Range) => PlainCommand[];
}

interface Range {
  readonly aggregate: number;
  readonly from: number;
  readonly to: number;
}

/** Gives the number of events. */
async function writeAll(
  parts: Parameters<typeof LifeWriter.claim>[1],
  { definition, ids, each, commandsOf }: Written,
): Promise<number> {
  const writer = await LifeWriter.claim(definition.topic, parts);
  let events = 0;
  for (const [aggregate, id] of ids.entries()) {
    const life = new Life(definition, id);
    for (let from = 0; from < each; from += AT_ONCE) {
      const to = Math.min(from + AT_ONCE, each);
      const made = life.events(commandsOf({ aggregate, from, to }), Date.now());
      await writer.append(id, made);
      events += made.length;
    }
  }
  return events;
}

function fundsOf({ aggregate, from, to }: Range): PlainCommand[] {
  const opened = { name: `Long ${aggregate}`, baseCurrency: "USDT", costMethod: "average" };
  const first = from === 0 ? [{ type: "OpenPortfolio", data: { ...opened, owner: null } }] : [];
  const funds = numbers(from, to).map((number) => {
    const type = number % 3 === 2 ? "WithdrawFunds" : "DepositFunds";
    const amount = decimal(number % 3 === 2 ? "150.25" : "100.5");
    const data = { asset: "USDT", amount, externalReference: `long-${number}` };
    return { type, data: type === "DepositFunds" ? { ...data, unitCost: null } : data };
  });
  return [...first, ...funds];
}

/** A trade every half second, up to now. */
function ticksOf({ aggregate, from, to }: Range): PlainCommand[] {
  const coin = `LONG${aggregate}`;
  const listing = { exchange: "long", symbol: `${coin}USDT`, base: coin, quote: "USDT" };
  const steps = { priceStep: "0.01", quantityStep: "0.01" };
  const data = instrument.commands.RegisterInstrument.payload.parse({ ...listing, ...steps });
  const first = from === 0 ? [{ type: "RegisterInstrument", data }] : [];
  return [...first, ...numbers(from, to).map((number) => tickOf(number))];
}

function tickOf(number: number): PlainCommand {
  const tick = {
    timeMs: FIRST_TICK_MS + number * TICK_STEP_MS,
    price: decimal(`${100 + (number % 17)}.${10 + (number % 89)}`),
    volume: decimal(`0.${(number % 89) + 10}`),
    side: number % 3 === 0 ? "sell" : "buy",
    tradeId: String(number + 1),
    occurrence: 0,
  };
  return { type: "RecordTicks", data: { source: "backfill", feedSession: "", ticks: [tick] } };
}

const FIRST_TICK_MS = Date.UTC(2026, 0, 1);

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
