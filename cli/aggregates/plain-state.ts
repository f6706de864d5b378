import { BigNumber } from "bignumber.js";
import { decimalText } from "../../platform/kernel/decimal.ts";

/** Of a larger collection only the size and the first entries are shown. */
const ENTRIES_SHOWN = 200;

/** A state as JSON would hold it: decimals as text, maps as objects, sets as lists. */
export function plainState(value: unknown): unknown {
  if (BigNumber.isBigNumber(value)) return decimalText(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return plainEntries([...value], value.size);
  if (value instanceof Set) return plainList([...value]);
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  if (Array.isArray(value)) return plainList(value);
  if (value === null || typeof value !== "object") return value;
  return plainEntries(Object.entries(value), Object.keys(value).length);
}

function plainList(values: readonly unknown[]): unknown {
  const shown = values.slice(0, ENTRIES_SHOWN).map(plainState);
  return values.length > ENTRIES_SHOWN ? { size: values.length, first: shown } : shown;
}

function plainEntries(entries: readonly [unknown, unknown][], size: number): unknown {
  const shown = entries.slice(0, ENTRIES_SHOWN).map(([key, member]) => {
    return [String(plainState(key)), plainState(member)];
  });
  const first = Object.fromEntries(shown);
  return size > ENTRIES_SHOWN ? { size, first } : first;
}
