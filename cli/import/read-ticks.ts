import { type CsvFile, type CsvRow, openCsv } from "./csv-file.ts";

/** The columns a file of ticks must have; further ones (`recv_ns` …) are ignored. */
export const TICK_COLUMNS = [
  "exchange",
  "symbol",
  "price",
  "volume",
  "timestamp",
  "trade_id",
  "side",
] as const;

/** One trade as `POST /v1/market/ticks` takes it; price and volume are the file's own text. */
export interface TickInput {
  readonly exchange: string;
  readonly symbol: string;
  readonly price: string;
  readonly volume: string;
  /** The exchange's trade time, epoch ms. */
  readonly timestamp: number;
  readonly tradeId?: string;
  readonly side?: "buy" | "sell";
}

/** A row of a file, by its line: a tick, or what is wrong with it. */
export type TickRow = { readonly line: number } & (
  | { readonly tick: TickInput }
  | { readonly bad: string }
);

/** A file of ticks, opened; `readTicks` gives its rows in the file's order. */
export function openTicks(path: string): Promise<CsvFile> {
  return openCsv(path, { required: TICK_COLUMNS, optional: [] });
}

export async function* readTicks(file: CsvFile): AsyncGenerator<TickRow> {
  for await (const row of file.rows()) yield toTick(row);
}

const SIDES = new Map<string, TickInput["side"]>([
  ["", undefined],
  ["buy", "buy"],
  ["sell", "sell"],
]);

function toTick({ line, fields, problem }: CsvRow): TickRow {
  if (fields === null) return { line, bad: problem ?? "is not a row" };
  const [exchange = "", symbol = "", price = "", volume = ""] = fields;
  const [timestamp = "", tradeId = "", sideText = ""] = fields.slice(4);
  const side = SIDES.get(sideText);
  const wrong =
    problemOf({ exchange, symbol, price, volume, timestamp }) ??
    (SIDES.has(sideText) ? null : `side "${sideText}" is neither buy nor sell nor empty`);
  if (wrong !== null) return { line, bad: wrong };
  return {
    line,
    tick: {
      exchange,
      symbol,
      price,
      volume,
      timestamp: Number(timestamp),
      ...(tradeId === "" ? {} : { tradeId }),
      ...(side === undefined ? {} : { side }),
    },
  };
}

type TextFields = Readonly<
  Record<"exchange" | "symbol" | "price" | "volume" | "timestamp", string>
>;

/** Whether it fits 38 digits is seen by the instrument: no number is made here. */
const DECIMAL_FORM = /^-?\d{1,60}(\.\d{1,60})?([eE][+-]?\d{1,3})?$/;

function problemOf(text: TextFields): string | null {
  if (text.exchange === "") return "exchange is empty";
  if (text.symbol === "") return "symbol is empty";
  for (const column of ["price", "volume"] as const) {
    if (!DECIMAL_FORM.test(text[column])) return `${column} "${text[column]}" is not a decimal`;
  }
  if (/^\d{1,15}$/.test(text.timestamp)) return null;
  return `timestamp "${text.timestamp}" is not epoch milliseconds`;
}
