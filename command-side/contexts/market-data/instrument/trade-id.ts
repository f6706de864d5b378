import { z } from "zod";
import { NumberText } from "../../../../platform/fields/fields.ts";

const CANONICAL_INTEGER = /^(0|[1-9]\d{0,15})$/;
/** Letters, digits and signs of any script; neither blank at an end nor control characters. */
const ID_PATTERN = /^[^\s\p{Cc}\p{Cs}](?:[^\p{Cc}\p{Cs}]{0,126}[^\s\p{Cc}\p{Cs}])?$/u;
const RULE = "must be text of 1 to 128 characters, or an integer of zero or above";

/** A canonical integer below 2^53 − 1 as a number; every other id as it is. */
export function toTradeId(text: string): number | string {
  if (!CANONICAL_INTEGER.test(text)) return text;
  const number = Number(text);
  return number < Number.MAX_SAFE_INTEGER ? number : text;
}

/** The exchange's id of a trade: text, or a JSON integer of any size. */
export function tradeIdField() {
  return z
    .custom<string | number | NumberText>(isTradeId, { error: RULE })
    .meta({
      anyOf: [
        { type: "string", maxLength: 128 },
        { type: "integer", minimum: 0 },
      ],
    })
    .transform((id): number | string => toTradeId(id instanceof NumberText ? id.text : `${id}`));
}

function isTradeId(id: unknown): boolean {
  if (typeof id === "string") return ID_PATTERN.test(id);
  if (typeof id === "number") return Number.isSafeInteger(id) && id >= 0;
  return id instanceof NumberText && /^\d{1,128}$/.test(id.text);
}
