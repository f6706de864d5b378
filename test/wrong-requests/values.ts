import type { Kind } from "./cases.ts";

/** A wrong request that the route table alone cannot tell: 400 INVALID_REQUEST if not said. */
export interface WrongRange {
  readonly name: string;
  /** "range" if not said. */
  readonly kind?: Kind;
  /** Fields of the example in other words, as JSON's own text. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The whole body, where no example's field is to be changed. */
  readonly body?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Path parameters, percent-encoded. */
  readonly path?: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly code?: string;
}

export const DIGITS_39 = "9".repeat(39);
/** One more than the highest value of 38 digits with 18 places. */
const TOO_HIGH = `1${"0".repeat(20)}`;
const ONE_MILLISECOND_TOO_LATE = "253402300800000";

export function wrongValues(field: string, kind: Kind, sources: readonly string[]): WrongRange[] {
  return sources.map((source) => {
    return { name: `${field} ${source.slice(0, 60)}`, kind, fields: { [field]: source } };
  });
}

export function decimals(field: string, lowest: "any" | "zero" | "above zero" = "above zero") {
  const tooLow = lowest === "any" ? [] : ['"-1"', "-0.000000000000000001"];
  const zero = lowest === "above zero" ? ['"0"', "0", '"-0"', "0e5"] : [];
  return [
    ...wrongValues(field, "range", [...tooLow, ...zero]),
    ...wrongValues(field, "number", [
      `"${DIGITS_39}"`,
      DIGITS_39,
      `"${TOO_HIGH}"`,
      `"0.${"0".repeat(18)}1"`,
      '"1e-19"',
      "1e-19",
      '"1e21"',
      '"1e999999999"',
      '"Infinity"',
      '"NaN"',
      '"0x10"',
      '"1,5"',
      '" 1"',
      '"+1"',
      '"1_000"',
      '"\u0661"',
      '""',
      '"."',
      `"1${"0".repeat(5_000)}"`,
    ]),
    ...wrongValues(field, "type", ['["1"]', "false"]),
  ];
}

export function times(field: string): WrongRange[] {
  return [
    ...wrongValues(field, "range", [
      "-1",
      ONE_MILLISECOND_TOO_LATE,
      '"10000-01-01T00:00:00Z"',
      '"2026-02-30T00:00:00Z"',
      '"2026-01-31T25:00:00Z"',
      '"2026-13-01"',
    ]),
    ...wrongValues(field, "number", ["1.5", "1e300", "9007199254740993", '"1e12"']),
    ...wrongValues(field, "type", ['"yesterday"', '"2026-01-31T12:00:00"', '""', "[]"]),
  ];
}

export function texts(field: string, maximumLength: number): WrongRange[] {
  return [
    ...wrongValues(field, "range", ['""', '"   "']),
    ...wrongValues(field, "encoding", ['"a\\u0000b"', '"a\\u001bb"']),
    ...wrongValues(field, "size", [`"${"x".repeat(maximumLength + 1)}"`]),
    {
      name: `${field} half of a surrogate pair`,
      kind: "encoding",
      fields: { [field]: '"\\ud83d"' },
      code: "MALFORMED_JSON",
    },
  ];
}

export function assets(field: string): WrongRange[] {
  const sources = ['"btc"', '""', '"BTC USDT"', `"${"B".repeat(33)}"`, '"\u0412\u0422\u0421"'];
  return wrongValues(field, "type", sources);
}

export function integers(field: string, [below, above]: readonly [string, string]): WrongRange[] {
  return [
    ...wrongValues(field, "range", [below, above]),
    ...wrongValues(field, "number", ["1.5", "1e30", "9007199254740993"]),
    ...wrongValues(field, "type", ['"1"', "null"]),
  ];
}

export function spotInstruments(field: string): WrongRange[] {
  return wrongValues(field, "type", [
    '"BTC-USDT"',
    '"binance:BTC-BTC"',
    '"binance:btc-usdt"',
    '"binance:BTC-USDT-PERP"',
    '"Binance:BTC-USDT"',
    '":BTC-USDT"',
    '"binance:BTCUSDT"',
  ]);
}

/** A refusal by the rules, and not by the form. */
export function refused(code: string, name: string, fields: WrongRange["fields"] = {}): WrongRange {
  return { name, kind: "state", fields, status: 422, code };
}

export function nobodyAt(id: string): WrongRange {
  return {
    name: `${id} is not there`,
    kind: "state",
    path: { id },
    status: 404,
    code: "NOT_FOUND",
  };
}

export function wrongQuery(name: string, values: readonly string[]): WrongRange[] {
  return values.map((value) => ({
    name: `?${name}=${value.slice(0, 40)}`,
    query: { [name]: value },
  }));
}

const CURSORS: readonly WrongRange[] = ["nonsense", "%00", "x".repeat(1_900)].map((cursor) => {
  const name = `?cursor=${cursor.slice(0, 20)}`;
  return { name, kind: "type", query: { cursor }, code: "INVALID_CURSOR" };
});

const LIMIT_TEXTS = ["0", "501", "-1", "1.5", "1e2", "", "0x10", "9".repeat(30)];

/** Of queries that give at most so many rows. */
export const LIMITS = wrongQuery("limit", LIMIT_TEXTS);

/** Of queries that give them page by page. */
export const PAGES: readonly WrongRange[] = [...LIMITS, ...CURSORS];

/** What is no time. */
export const TIMES = ["-1", "2024-02-30", "2024-01-01T00:00:00", "1e12", "253402300800000", ""];

/** Of queries over a stretch of time. */
export const RANGE = [
  ...wrongQuery("from", TIMES),
  ...wrongQuery("to", TIMES),
  {
    name: "from after to",
    query: { from: "2024-01-02T00:00:00Z", to: "2024-01-01T00:00:00Z" },
  },
  { name: "from equal to to", query: { from: "2024-01-01", to: "2024-01-01" } },
] satisfies WrongRange[];
