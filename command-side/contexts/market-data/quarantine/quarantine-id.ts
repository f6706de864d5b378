import { z } from "zod";

const MAX_ID_CHARACTERS = 129;
const ID_PATTERN = /^[^:\p{Cc}\p{Cs}]{1,64}:[^\p{Cc}\p{Cs}]{1,64}$/u;

/** `exchange:symbol`, both as the ticks spell them. */
export function quarantineIdField() {
  return z.string().max(MAX_ID_CHARACTERS).regex(ID_PATTERN, { error: "must be exchange:symbol" });
}

export function quarantineId(exchange: string, symbol: string): string {
  return `${exchange}:${symbol}`;
}

/** The parts of an id already validated: an exchange has no colon, a symbol may have one. */
export function parseQuarantineId(id: string): { exchange: string; symbol: string } {
  const colon = id.indexOf(":");
  if (colon < 0) throw new RangeError(`not exchange:symbol: ${id}`);
  return { exchange: id.slice(0, colon), symbol: id.slice(colon + 1) };
}
