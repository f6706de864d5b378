import { z } from "zod";
import { type Decimal, tryDecimal } from "../kernel/decimal.ts";

/**
 * The fields that every payload, query and path is made of. Pure: contexts import this file.
 */

/** A JSON number that a JavaScript number would not hold exactly: its own text, digit for digit. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/;
const UUID_PATTERN =
  /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$/;
const ISO_TIME_PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;
/** 9999-12-31T23:59:59.999Z */
const LATEST_TIME_MS = 253_402_300_799_999;
const MAXIMUM_TEXT_LENGTH = 1_000;

const DECIMAL_RULE =
  "must be a decimal (text or number) of at most 38 digits, at most 18 after the point";
const TIME_RULE = "must be ISO-8601 with a zone (2026-01-31T12:00:00Z) or epoch milliseconds";

type DecimalInput = string | number | NumberText;

/** An exact decimal: text, or a JSON number by its own digits; exponents are read, too. */
export function decimalField() {
  return z
    .custom<DecimalInput>(isDecimalInput, { error: refuse(DECIMAL_RULE) })
    .meta({ anyOf: [{ type: "string", format: "decimal" }, { type: "number" }] })
    .transform((input, context): Decimal => {
      const value = tryDecimal(ownText(input));
      if (value !== null) return value;
      context.issues.push({ code: "custom", message: DECIMAL_RULE, input });
      return z.NEVER;
    });
}

/** A decimal above zero: prices, quantities, amounts. */
export function positiveDecimalField() {
  return decimalField().refine((value) => value.gt(0), { error: "must be above zero" });
}

/** A decimal of zero or above. */
export function nonNegativeDecimalField() {
  return decimalField().refine((value) => value.gte(0), { error: "must not be below zero" });
}

/** A point in time, as epoch milliseconds; digits beyond the millisecond are cut off. */
export function timeField() {
  return z
    .custom<string | number>(isTimeInput, { error: refuse(TIME_RULE) })
    .meta({ anyOf: [{ type: "string", format: "date-time" }, { type: "integer" }] })
    .transform((input, context): number => {
      const timeMs = parseTime(input);
      if (timeMs !== null) return timeMs;
      context.issues.push({ code: "custom", message: TIME_RULE, input });
      return z.NEVER;
    });
}

/** An id as the platform likes it: opaque, ≤ 128 letters, digits and `. _ : ~ -`. */
export function idField() {
  return z.string().regex(ID_PATTERN, {
    error: "must be 1 to 128 letters, digits and . _ : ~ - and begin with a letter or digit",
  });
}

export function uuidField() {
  return z.string().regex(UUID_PATTERN, { error: "must be a UUID" });
}

/** Free text of a person: trimmed, not empty, without control characters. */
export function textField(maximumLength = MAXIMUM_TEXT_LENGTH) {
  return z
    .string()
    .trim()
    .min(1, { error: "must not be empty" })
    .max(maximumLength, { error: `must be at most ${maximumLength} characters` })
    .refine(isPlainText, { error: "must not hold control characters or broken surrogates" });
}

/** An integer of a query string: `?limit=100`. */
export function integerTextField(range: { minimum: number; maximum: number }) {
  const rule = `must be an integer from ${range.minimum} to ${range.maximum}`;
  return z
    .string({ error: refuse(rule) })
    .regex(/^-?\d{1,16}$/, { error: rule })
    .transform(Number)
    .refine((value) => value >= range.minimum && value <= range.maximum, { error: rule });
}

/** Epoch milliseconds of ISO-8601 text with a zone, a plain date (UTC) or digits; else null. */
export function parseTime(input: string | number): number | null {
  if (typeof input === "number") return isTimeMs(input) ? input : null;
  if (/^\d{1,15}$/.test(input)) return isTimeMs(Number(input)) ? Number(input) : null;
  const match = ISO_TIME_PATTERN.exec(input);
  if (match === null || !isCalendarDay(match)) return null;
  const timeMs = Date.parse(input);
  return isTimeMs(timeMs) ? timeMs : null;
}

/** `Date.parse` rolls 30 February over into March; a typing error must not become another day. */
function isCalendarDay(match: RegExpExecArray): boolean {
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isTimeMs(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= LATEST_TIME_MS;
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function isDecimalInput(input: unknown): input is DecimalInput {
  return typeof input === "string" || typeof input === "number" || input instanceof NumberText;
}

function isTimeInput(input: unknown): input is string | number {
  return typeof input === "string" || typeof input === "number";
}

function ownText(input: DecimalInput): string {
  return input instanceof NumberText ? input.text : String(input);
}

/** A missing field is told as such, whatever its form would have to be. */
function refuse(rule: string) {
  return (issue: { input?: unknown }) => (issue.input === undefined ? "is missing" : rule);
}
