import { type Decimal, decimalText } from "../../platform/kernel/decimal.ts";

/** The column of a decimal that an event may leave out. */
export function optionalDecimalText(value: Decimal | null): string | null {
  return value === null ? null : decimalText(value);
}
