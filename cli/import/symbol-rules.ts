import type { InstrumentKind } from "./guess-instrument.ts";

/** The named parts of a symbol, after its pair was split. */
export type SymbolParts = Readonly<Record<string, string>>;

/** How a venue writes one kind of instrument; the first form that fits counts. */
export interface SymbolRule {
  /** Names the groups `base` and `quote`, or `pair` where nothing stands between them. */
  readonly form: RegExp;
  readonly meaning: (parts: SymbolParts) => { kind: InstrumentKind; suffix: string };
}

const spot = () => ({ kind: "spot" as const, suffix: "" });
const perpetual = () => ({ kind: "perpetual" as const, suffix: "-PERP" });
const linearPerpetual = () => ({ kind: "perpetual" as const, suffix: "-LINEAR-PERP" });
const inversePerpetual = () => ({ kind: "inverse-perpetual" as const, suffix: "-PERP" });
const future = ({ expiry }: SymbolParts) => ({ kind: "future" as const, suffix: `-${expiry}` });
const linearFuture = ({ expiry }: SymbolParts) => {
  return { kind: "future" as const, suffix: `-LINEAR-${expiry}` };
};
const inverseFuture = ({ expiry }: SymbolParts) => {
  return { kind: "inverse-future" as const, suffix: `-${expiry}` };
};
/** Margined in the coin where quoted in dollars, else in the stablecoin. */
const perpetualByQuote = ({ quote }: SymbolParts) => {
  return quote === "USD" ? inversePerpetual() : perpetual();
};
const futureByQuote = (parts: SymbolParts) => {
  return parts.quote === "USD" ? inverseFuture(parts) : future(parts);
};

const PAIR = /^(?<pair>[A-Z0-9]+)$/;
const PAIR_EXPIRY = /^(?<pair>[A-Z0-9]+)_(?<expiry>\d{6})$/;
const SEPARATED = /^(?<base>[A-Z0-9]+)[-_/](?<quote>[A-Z0-9]+)$/;

/** Venues not named here are taken as spot, `BTC-USD`, `BTC_USD`, `BTC/USD` or `BTCUSD`. */
const SPOT_RULES: readonly SymbolRule[] = [
  { form: SEPARATED, meaning: spot },
  { form: PAIR, meaning: spot },
];

const OKX_RULES: readonly SymbolRule[] = [
  { form: /^(?<base>[A-Z0-9]+)-(?<quote>[A-Z0-9]+)-SWAP$/, meaning: perpetualByQuote },
  { form: /^(?<base>[A-Z0-9]+)-(?<quote>[A-Z0-9]+)-(?<expiry>\d{6})$/, meaning: futureByQuote },
  ...SPOT_RULES,
];

const RULES: Readonly<Record<string, readonly SymbolRule[]>> = {
  binance_usdm: [
    { form: PAIR_EXPIRY, meaning: future },
    { form: PAIR, meaning: perpetual },
  ],
  binance_coinm: [
    { form: /^(?<pair>[A-Z0-9]+)_PERP$/, meaning: inversePerpetual },
    { form: PAIR_EXPIRY, meaning: inverseFuture },
  ],
  bitflyer: [
    { form: /^FX_(?<base>[A-Z0-9]+)_(?<quote>[A-Z0-9]+)$/, meaning: perpetual },
    ...SPOT_RULES,
  ],
  bitget_mc: [{ form: PAIR, meaning: perpetualByQuote }],
  // U21 is September 2021. A future without a quote is against bitcoin, bitcoin's own in dollars.
  bitmex: [
    { form: /^(?<base>XBT)(?<expiry>[FGHJKMNQUVXZ]\d\d)$/, meaning: inverseFuture },
    { form: /^(?<pair>[A-Z0-9]+USDT?)(?<expiry>[FGHJKMNQUVXZ]\d\d)$/, meaning: future },
    { form: /^(?<base>[A-Z0-9]+)(?<expiry>[FGHJKMNQUVXZ]\d\d)$/, meaning: future },
    { form: /^(?<pair>XBTUSD)$/, meaning: inversePerpetual },
    { form: PAIR, meaning: perpetual },
  ],
  bybit: [{ form: PAIR, meaning: perpetualByQuote }],
  // Older names of the REST interface: XXBTZUSD.
  kraken: [
    ...SPOT_RULES.slice(0, 1),
    { form: /^X(?<base>[A-Z]{3})[XZ](?<quote>[A-Z]{3})$/, meaning: spot },
    { form: PAIR, meaning: spot },
  ],
  kraken_futures: [
    { form: /^PI_(?<pair>[A-Z0-9]+)$/, meaning: inversePerpetual },
    { form: /^FI_(?<pair>[A-Z0-9]+)_(?<expiry>\d{6})$/, meaning: inverseFuture },
    { form: /^P[FV]_(?<pair>[A-Z0-9]+)$/, meaning: linearPerpetual },
    { form: /^F[FV]_(?<pair>[A-Z0-9]+)_(?<expiry>\d{6})$/, meaning: linearFuture },
  ],
  okcoin: OKX_RULES,
  okx: OKX_RULES,
  // The quote comes first.
  upbit: [{ form: /^(?<quote>[A-Z0-9]+)-(?<base>[A-Z0-9]+)$/, meaning: spot }],
};

export function venueRules(exchange: string): readonly SymbolRule[] {
  return Object.hasOwn(RULES, exchange) ? (RULES[exchange] ?? SPOT_RULES) : SPOT_RULES;
}

/** Venues that have another name for an asset. */
const ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bitmex: { XBT: "BTC" },
  kraken: { XBT: "BTC", XDG: "DOGE" },
  kraken_futures: { XBT: "BTC" },
};

const QUOTES = "USDT USDC USD EUR GBP JPY KRW AUD CAD CHF TRY BRL SGD DAI BTC XBT ETH".split(" ");
/** Quotes that end like another one are known by venue only: `DOTUSD` is not `DO` in `TUSD`. */
const VENUE_QUOTES: Readonly<Record<string, readonly string[]>> = {
  binance: ["BUSD", "TUSD", "FDUSD", "BNB"],
  binance_us: ["BUSD"],
  binance_usdm: ["BUSD"],
  gemini: ["LTC", "BCH", "FIL", "DOGE", "GUSD"],
};
/** Where two quotes fit (`BNBUSD`: USD or BUSD), the one that leaves one of these counts. */
const WELL_KNOWN_BASES = new Set(
  "ADA BCH BNB BTC DOGE DOT EOS ETH LINK LTC SHIB SOL XRP".split(" "),
);

/** Base and quote of a symbol's named groups, by their common names; `null` if no quote fits. */
export function splitPair(
  exchange: string,
  groups: SymbolParts,
): { base: string; quote: string } | null {
  const { pair, base, quote } = groups;
  if (pair !== undefined) return splitConcatenated(exchange, pair);
  if (base === undefined) return null;
  const baseName = commonName(exchange, base);
  const impliedQuote = baseName === "BTC" ? "USD" : "BTC";
  return { base: baseName, quote: commonName(exchange, quote ?? impliedQuote) };
}

function splitConcatenated(exchange: string, pair: string): { base: string; quote: string } | null {
  const fitting = [...QUOTES, ...(VENUE_QUOTES[exchange] ?? [])]
    .filter((quote) => pair.endsWith(quote) && pair.length > quote.length)
    .sort((one, two) => two.length - one.length)
    .map((quote) => ({ base: pair.slice(0, -quote.length), quote }));
  const chosen = fitting.find(({ base }) => WELL_KNOWN_BASES.has(base)) ?? fitting[0];
  if (chosen === undefined) return null;
  return { base: commonName(exchange, chosen.base), quote: commonName(exchange, chosen.quote) };
}

function commonName(exchange: string, asset: string): string {
  return ALIASES[exchange]?.[asset] ?? asset;
}

/** Dollars a contract stands for, where the coin is the margin. */
const DOLLARS_PER_CONTRACT: Readonly<Record<string, { btc: string; others: string }>> = {
  binance_coinm: { btc: "100", others: "10" },
  okcoin: { btc: "100", others: "10" },
  okx: { btc: "100", others: "10" },
};

/** The contract size of an inverse instrument, in its quote currency. */
export function inverseContractSize(exchange: string, base: string): string {
  const sizes = DOLLARS_PER_CONTRACT[exchange];
  if (sizes === undefined) return "1";
  return base === "BTC" ? sizes.btc : sizes.others;
}
