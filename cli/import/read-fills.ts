import { tryDecimal } from "../../platform/kernel/decimal.ts";
import type { CommandLine } from "../command-line.ts";
import { type CsvFile, type CsvRow, openCsv } from "./csv-file.ts";
import { guessInstrument } from "./guess-instrument.ts";

export const FILL_COLUMNS = {
  required: [
    "exchange",
    "symbol",
    "side",
    "price",
    "quantity",
    "fee",
    "fee_currency",
    "timestamp",
    "trade_id",
  ],
  optional: ["liquidity"],
} as const;

/** A row of a file, by its line: a trade, or what is wrong with it. */
export type FillRow = { readonly line: number } & (
  | { readonly command: CommandLine }
  | { readonly bad: string }
);

export interface FillOptions {
  readonly portfolioId: string;
  /** What was sold without being held was there before the file begins (import of a part). */
  readonly assumeMissing: boolean;
}

export function openFills(path: string): Promise<CsvFile> {
  return openCsv(path, FILL_COLUMNS);
}

/**
 * The file's fills as `RecordTrade` commands of one portfolio, in the file's order. They have no
 * command ids: the exchange's trade id protects for ever, and tells what was known before.
 */
export async function* readFills(file: CsvFile, options: FillOptions): AsyncGenerator<FillRow> {
  for await (const row of file.rows()) yield toFill(row, options);
}

function toFill({ line, fields, problem }: CsvRow, options: FillOptions): FillRow {
  if (fields === null) return { line, bad: problem ?? "is not a row" };
  const fill = namedFields(fields);
  const instrument = guessInstrument(fill.exchange, fill.symbol);
  if (instrument === null) {
    return { line, bad: `symbol "${fill.symbol}" names no two assets` };
  }
  const wrong = problemOf(fill);
  if (wrong !== null) return { line, bad: wrong };
  const command = {
    aggregate: "portfolio",
    id: options.portfolioId,
    type: "RecordTrade",
    data: {
      instrumentId: instrument.id,
      tradeId: fill.tradeId,
      side: fill.side,
      price: fill.price,
      quantity: fill.quantity,
      fee: fill.fee,
      ...(fill.feeCurrency === "" ? {} : { feeCurrency: fill.feeCurrency }),
      ...(fill.liquidity === "" ? {} : { liquidity: fill.liquidity }),
      occurredAt: Number(fill.timestamp),
      ...(options.assumeMissing ? { onShortfall: "assume" } : {}),
    },
  };
  return { line, command };
}

type Fill = ReturnType<typeof namedFields>;

function namedFields(fields: readonly string[]) {
  const [exchange = "", symbol = "", side = "", price = "", quantity = ""] = fields;
  const [fee = "", feeCurrency = "", timestamp = "", tradeId = "", liquidity = ""] =
    fields.slice(5);
  return {
    exchange,
    symbol,
    side,
    price,
    quantity,
    fee: fee === "" ? "0" : fee,
    feeCurrency,
    timestamp,
    tradeId,
    liquidity,
  };
}

function problemOf(fill: Fill): string | null {
  if (fill.side !== "buy" && fill.side !== "sell") return `side "${fill.side}" is not buy or sell`;
  for (const column of ["price", "quantity", "fee"] as const) {
    if (tryDecimal(fill[column]) === null) {
      return `${column} "${fill[column]}" is not a decimal of at most 38 digits, 18 places`;
    }
  }
  if (fill.tradeId === "") return "trade_id is empty";
  if (/^\d{1,15}$/.test(fill.timestamp)) return null;
  return `timestamp "${fill.timestamp}" is not epoch milliseconds`;
}
