const CANONICAL_INTEGER = /^(0|[1-9]\d{0,15})$/;

/** A canonical integer below 2^53 as a number; every other id as it is. */
export function toTradeId(text: string): number | string {
  if (!CANONICAL_INTEGER.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}
