import { z } from "zod";

export const KINDS = [
  "spot",
  "perpetual",
  "future",
  "inverse-perpetual",
  "inverse-future",
] as const;
export type Kind = (typeof KINDS)[number];

const ASSET = "[A-Z0-9][A-Z0-9._]{0,31}";
const EXCHANGE = "[a-z0-9][a-z0-9._]{0,63}";
const SUFFIX = "(?:-[A-Z0-9]{1,16}){1,3}";
const EXCHANGE_PATTERN = new RegExp(`^${EXCHANGE}$`);
const ASSET_PATTERN = new RegExp(`^${ASSET}$`);
const SUFFIX_PATTERN = new RegExp(`^${SUFFIX}$`);
const ID_PATTERN = new RegExp(`^${EXCHANGE}:${ASSET}-${ASSET}(?:${SUFFIX})?$`);

export function exchangeField() {
  return z.string().regex(EXCHANGE_PATTERN, {
    error: "must be 1 to 64 lower-case letters, digits, . and _",
  });
}

export function assetField() {
  return z.string().regex(ASSET_PATTERN, {
    error: "must be an asset code: 1 to 32 capital letters, digits, . and _",
  });
}

/** `binance:BTC-USDT`, `binance_usdm:BTC-USDT-PERP`, `kraken_futures:BTC-USD-210730`. */
export function instrumentIdField() {
  return z.string().regex(ID_PATTERN, { error: "must be exchange:BASE-QUOTE or …-SUFFIX" });
}

export interface Listing {
  readonly exchange: string;
  readonly base: string;
  readonly quote: string;
  readonly kind: Kind;
  readonly expiryMs: number | null;
}

/** The id is the listing's: spot without a suffix, every other kind with one. */
export function isIdOf(id: string, listing: Listing): boolean {
  const root = rootOf(listing);
  if (listing.kind === "spot") return id === root;
  return id.startsWith(root) && SUFFIX_PATTERN.test(id.slice(root.length));
}

/** The id that the listing ought to have, as far as the listing says it. */
export function properId(listing: Listing): string {
  const { kind, expiryMs } = listing;
  if (kind === "spot") return rootOf(listing);
  if (kind === "perpetual" || kind === "inverse-perpetual") return `${rootOf(listing)}-PERP`;
  return `${rootOf(listing)}-${expiryMs === null ? "YYMMDD" : expirySuffix(expiryMs)}`;
}

function rootOf({ exchange, base, quote }: Listing): string {
  return `${exchange}:${base}-${quote}`;
}

function expirySuffix(expiryMs: number): string {
  return new Date(expiryMs).toISOString().slice(2, 10).replaceAll("-", "");
}
