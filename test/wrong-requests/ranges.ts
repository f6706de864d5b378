import type { Kind } from "./cases.ts";
import { operationsRanges } from "./operations.ts";
import { riskRanges } from "./risk.ts";
import { socialRanges } from "./social.ts";
import { strategyRanges } from "./strategies.ts";
import {
  assets,
  DIGITS_39,
  decimals,
  integers,
  nobodyAt,
  PAGES,
  RANGE,
  refused,
  spotInstruments,
  TIMES,
  texts,
  times,
  type WrongRange,
  wrongQuery,
  wrongValues,
} from "./values.ts";

const NO_PORTFOLIO = nobodyAt("p-none");
const NO_INSTRUMENT = nobodyAt("binance:NONE-USDT");
const STEPS = [
  ...decimals("priceStep"),
  ...decimals("quantityStep"),
  ...decimals("minQuantity", "zero"),
  ...decimals("minNotional", "zero"),
];
const REASON = texts("reason", 500);

/** Ranges by operation. Every route that takes a body must stand here. */
export const ranges: Readonly<Record<string, readonly WrongRange[]>> = {
  registerInstrument: [
    ...STEPS,
    ...assets("base"),
    ...assets("quote"),
    ...texts("symbol", 64),
    ...wrongValues("exchange", "type", ['"Binance"', '"a:b"', '""', `"${"x".repeat(65)}"`]),
    ...wrongValues("kind", "type", ['"SPOT"', '"option"', "null"]),
    ...decimals("contractSize"),
    { name: "base is quote", fields: { quote: '"BTC"' } },
    { name: "a spot instrument that expires", fields: { expiry: '"2027-01-01"' } },
    { name: "an inverse one without a contract size", fields: { kind: '"inverse-perpetual"' } },
    { name: "a contract size of a spot one", fields: { contractSize: '"100"' } },
    refused("INSTRUMENT_ALREADY_REGISTERED", "again, with other content", { symbol: '"OTHER"' }),
    {
      ...refused("INSTRUMENT_ID_MISMATCH", "under the id of another"),
      path: { id: "binance:ETH-USDT" },
    },
  ],
  renameInstrument: [...texts("symbol", 64), ...times("effectiveAt"), NO_INSTRUMENT],
  addInstrumentAlias: [...texts("symbol", 64), ...times("effectiveAt"), NO_INSTRUMENT],
  changeInstrumentSteps: [...STEPS, ...times("effectiveAt"), NO_INSTRUMENT],
  delistInstrument: [...REASON, ...times("effectiveAt"), NO_INSTRUMENT],
  declareBackfillRange: [
    ...times("from"),
    ...times("to"),
    { name: "from after to", fields: { from: '"2024-08-10"' } },
    { name: "from equal to to", fields: { from: '"2024-08-09"' } },
    { name: "more than 366 days", fields: { from: '"2022-08-08"' } },
    NO_INSTRUMENT,
  ],
  recordTicks: [
    { name: "no ticks", fields: { ticks: "[]" } },
    { name: "501 ticks", kind: "size", fields: { ticks: `[${"{},".repeat(500)}{}]` } },
    ...wrongValues("source", "type", ['"LIVE"', "null", "1"]),
    ...wrongValues("feedSession", "size", [`"${"x".repeat(101)}"`]),
    ...wrongTicks(),
    NO_INSTRUMENT,
  ],
  closeCandles: [
    ...times("upTo"),
    ...wrongValues("cause", "type", ['"whim"', "null"]),
    NO_INSTRUMENT,
  ],
  reviseCandle: [
    ...times("openTime"),
    { name: "a time within a minute", fields: { openTime: "1723161255342" } },
    ...["open", "high", "low", "close"].flatMap((field) => decimals(field)),
    ...["volume", "priceVolume", "buyVolume"].flatMap((field) => decimals(field, "zero")),
    ...integers("trades", ["0", "-1"]),
    { name: "a low above the close", fields: { low: '"61845"' } },
    { name: "a high below the open", fields: { high: '"61835"' } },
    { name: "more bought than traded", fields: { buyVolume: '"1"' } },
    NO_INSTRUMENT,
  ],
  quarantineTicks: [
    { name: "no ticks", fields: { ticks: "[]" } },
    { name: "501 ticks", kind: "size", fields: { ticks: `[${'"{}",'.repeat(500)}"{}"]` } },
    { name: "a tick as an object", kind: "type", fields: { ticks: "[{}]" } },
    {
      name: "a tick of 4,001 characters",
      kind: "size",
      fields: { ticks: `["${"x".repeat(4_001)}"]` },
    },
    ...wrongValues("reason", "type", ['"whim"', "null"]),
  ],
  openPortfolio: [
    ...texts("name", 80),
    ...texts("owner", 200),
    ...assets("baseCurrency"),
    ...wrongValues("costMethod", "type", ['"lifo"', '"AVERAGE"', "null"]),
    refused("PORTFOLIO_ALREADY_OPEN", "again, under another name", { name: '"Another"' }),
  ],
  depositFunds: [
    ...decimals("amount"),
    ...decimals("unitCost", "zero"),
    ...assets("asset"),
    ...texts("externalReference", 200),
    ...times("occurredAt"),
    { name: "the last of two amounts is wrong", kind: "number", body: twoAmounts() },
    NO_PORTFOLIO,
    refused("UNIT_COST_OF_BASE_CURRENCY", "the base currency at 2", {
      unitCost: '"2"',
      externalReference: '"wrong-1"',
    }),
    refused("AMOUNT_TOO_LARGE", "more than any balance holds", {
      amount: `"${"9".repeat(20)}"`,
      externalReference: '"wrong-2"',
    }),
  ],
  withdrawFunds: [
    ...decimals("amount"),
    ...assets("asset"),
    ...texts("externalReference", 200),
    ...times("occurredAt"),
    { name: "a unit cost", kind: "unknown field", fields: { unitCost: '"1"' } },
    NO_PORTFOLIO,
    refused("INSUFFICIENT_FUNDS", "more than is there", { amount: '"99999999999"' }),
    refused("INSUFFICIENT_HOLDING", "what is not held", { asset: '"DOGE"' }),
  ],
  recordTrade: [
    ...decimals("price"),
    ...decimals("quantity"),
    ...decimals("fee", "any"),
    ...decimals("feeRate"),
    ...decimals("quoteRate"),
    ...spotInstruments("instrumentId"),
    ...texts("tradeId", 100),
    ...assets("feeCurrency"),
    ...times("occurredAt"),
    ...texts("strategyId", 200),
    ...texts("copiedFrom", 200),
    ...wrongValues("side", "type", ['"BUY"', '"short"', "null"]),
    ...wrongValues("liquidity", "type", ['"MAKER"', "1"]),
    ...wrongValues("onShortfall", "type", ['"ignore"', "null"]),
    { name: "a fee without its currency", fields: { feeCurrency: "null" } },
    NO_PORTFOLIO,
    refused("INSUFFICIENT_HOLDING", "sells what is not held", { side: '"sell"' }),
    refused("AMOUNT_TOO_LARGE", "a product beyond 38 digits", {
      price: '"99999999999999999999"',
      quantity: '"99999999999999999999"',
      onShortfall: '"assume"',
    }),
    refused("AMOUNT_TOO_SMALL", "a product that is nothing", {
      price: '"0.000000000000000001"',
      quantity: '"0.000000000000000001"',
      fee: '"0"',
    }),
  ],
  reverseTrade: [
    ...spotInstruments("instrumentId"),
    ...texts("tradeId", 100),
    ...REASON,
    NO_PORTFOLIO,
    refused("TRADE_UNKNOWN", "a trade that is not there"),
  ],
  closePortfolio: [
    ...REASON,
    NO_PORTFOLIO,
    refused("HOLDINGS_NOT_ZERO", "while something is held"),
  ],
  startGeneration: [...integers("version", ["0", "1000001"]), ...REASON],
  ...operationsRanges,
  ...riskRanges,
  ...socialRanges,
  ...strategyRanges,
  submitCommands: [],
  sendTicks: [
    { name: "10,001 ticks", kind: "size", body: `[${"1,".repeat(10_000)}1]` },
    { name: "a text", kind: "type", body: '"BTCUSDT,1,2"' },
    ...wrongQuery("source", ["LIVE", "", "clock"]),
    ...wrongQuery("feedSession", ["x".repeat(101), "a\u0000b"]),
  ],
  listPortfolios: PAGES,
  getPortfolio: [NO_PORTFOLIO],
  listHoldings: [NO_PORTFOLIO],
  listLots: [...PAGES, ...wrongQuery("asset", ["", "B TC", "x".repeat(33)]), NO_PORTFOLIO],
  listCash: [NO_PORTFOLIO],
  listLedger: [...PAGES, ...wrongQuery("account", ["", "a b", "x".repeat(101)]), NO_PORTFOLIO],
  listTrades: [...PAGES, ...RANGE, ...wrongQuery("order", ["", "OLDEST", "random"]), NO_PORTFOLIO],
  listRealised: [
    ...RANGE,
    ...wrongQuery("zone", ["Mars/Olympus", "", "../etc/passwd", "+25:00"]),
    NO_PORTFOLIO,
  ],
  listInstruments: PAGES,
  getInstrument: [NO_INSTRUMENT],
  getLastPrice: [NO_INSTRUMENT],
  getTicker: [...wrongQuery("at", TIMES), NO_INSTRUMENT],
  listTicks: [...PAGES, ...RANGE, ...wrongQuery("order", ["", "NEWEST"]), NO_INSTRUMENT],
  getVwap: [...RANGE, NO_INSTRUMENT],
  listCandles: [
    ...PAGES,
    ...RANGE,
    ...wrongQuery("interval", ["1x", "", "60", "1 m", "7m", "-1m", "1H"]),
    ...wrongQuery("fill", ["next", "", "NONE"]),
    NO_INSTRUMENT,
  ],
  getProjection: [
    {
      name: "no such projection",
      kind: "state",
      path: { name: "nothing" },
      status: 404,
      code: "NOT_FOUND",
    },
  ],
  listEvents: [
    ...PAGES,
    ...wrongQuery("type", ["", "fundsDeposited", "Funds Deposited"]),
    {
      name: "no such topic",
      kind: "state",
      query: { topic: "nothing" },
      status: 404,
      code: "NOT_FOUND",
    },
  ],
  streamEvents: [
    ...wrongQuery("from", ["", "middle", "START"]),
    {
      name: "no such topic",
      kind: "state",
      query: { topic: "nothing" },
      status: 404,
      code: "NOT_FOUND",
    },
  ],
  streamCandles: wrongQuery("from", ["", "middle", "START"]),
};

function twoAmounts(): string {
  return '{"asset":"USDT","amount":"1","externalReference":"twice","amount":"-1"}';
}

/** One tick of a command is wrong, and so the command is. */
function wrongTicks(): WrongRange[] {
  const tick = (source: string) => ({ ticks: `[{"timeMs":1723161255342,${source}}]` });
  const wrong: readonly [Kind, string][] = [
    ["range", '"price":"0","volume":"1"'],
    ["range", '"price":"-1","volume":"1"'],
    ["range", '"price":"1","volume":"-1"'],
    ["number", '"price":1e-19,"volume":"1"'],
    ["number", `"price":"1","volume":${DIGITS_39}`],
    ["number", '"price":"1","volume":"1","occurrence":-1'],
    ["number", '"price":"1","volume":"1","occurrence":1.5'],
    ["number", '"price":"1","volume":"1","tradeId":1.5'],
    ["type", '"price":"1","volume":"1","side":"BUY"'],
    ["type", '"price":"1","volume":"1","tradeId":""'],
    ["unknown field", '"price":"1","volume":"1","symbol":"BTCUSDT"'],
    ["unknown field", '"price":"1"'],
  ];
  return wrong.map(([kind, source]) => ({ name: `a tick ${source}`, kind, fields: tick(source) }));
}
