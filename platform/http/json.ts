import { PlatformError } from "../errors/catalogue.ts";
import { NumberText } from "../fields/fields.ts";
import { describeMalformedJson } from "./json-error.ts";

/** Deepest nesting of arrays and objects that is read. */
const MAXIMUM_JSON_DEPTH = 64;

/** Numbers of fewer characters have at most 15 digits: a double holds those exactly. */
const LONG_NUMBER_CHARACTERS = 16;
const EXPONENT = /\d[eE]/;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
const NUMBER_PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Parses JSON without losing a digit: a number that a double cannot hold exactly becomes a
 * `NumberText` with its own digits, which decimal fields read and number fields refuse.
 * `MALFORMED_JSON` says where the text breaks off or goes wrong.
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw malformed(`it is nested deeper than ${MAXIMUM_JSON_DEPTH} levels`);
  try {
    return mayLoseSomething(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(describeMalformedJson(text));
    throw error;
  }
}

function malformed(reason: string): PlatformError {
  return new PlatformError("MALFORMED_JSON", `The text is not JSON: ${reason}.`);
}

/** Most texts hold neither long numbers nor halves of pairs: the engine alone reads them, fast. */
function mayLoseSomething(text: string): boolean {
  return EXPONENT.test(text) || SURROGATE_ESCAPE.test(text) || hasLongNumber(text);
}

/** Looks at every 16th character only, and around those that may belong to a number. */
function hasLongNumber(text: string): boolean {
  let at = LONG_NUMBER_CHARACTERS - 1;
  while (at < text.length) {
    let start = at;
    while (start >= 0 && at - start < LONG_NUMBER_CHARACTERS && isOfNumber(text, start)) start -= 1;
    if (at - start === LONG_NUMBER_CHARACTERS) return true;
    at = start + LONG_NUMBER_CHARACTERS;
  }
  return false;
}

/** A digit or the point. */
function isOfNumber(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 48 && code <= 57) || code === 46;
}

function keepExact(key: string, value: unknown, context?: { source?: string }): unknown {
  if (!key.isWellFormed()) throw malformed("a key holds half a surrogate pair");
  if (typeof value === "string" && !value.isWellFormed()) {
    throw malformed(`the text of ${JSON.stringify(key)} holds half a surrogate pair`);
  }
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  return isSameNumber(source, String(value)) ? value : new NumberText(source);
}

/** True when both texts are the same decimal value, however they are written. */
function isSameNumber(a: string, b: string): boolean {
  return a === b || canonicalNumber(a) === canonicalNumber(b);
}

/** `-12.50e3` → `-125e2`; null for what is no number (`Infinity`). */
function canonicalNumber(text: string): string | null {
  const parts = NUMBER_PARTS.exec(text);
  if (parts === null) return null;
  const fraction = parts[3] ?? "";
  const digits = `${parts[2]}${fraction}`.replace(/^0+/, "");
  if (digits === "") return "0";
  const significant = digits.slice(0, lengthWithoutZeros(digits));
  const exponent = Number(parts[4] ?? 0) - fraction.length + digits.length - significant.length;
  return `${parts[1]}${significant}e${exponent}`;
}

function lengthWithoutZeros(digits: string): number {
  let length = digits.length;
  while (digits.charCodeAt(length - 1) === 48) length -= 1;
  return length;
}

/** Counts brackets outside of strings; a text with few of them is not scanned at all. */
function isTooDeep(text: string): boolean {
  if (!hasManyOpenings(text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) at = endOfString(text, at);
    else if (code === 91 || code === 123) depth += 1;
    else if (code === 93 || code === 125) depth -= 1;
    if (depth > MAXIMUM_JSON_DEPTH) return true;
  }
  return false;
}

function hasManyOpenings(text: string): boolean {
  const openings = /[[{]/g;
  for (let count = 0; count <= MAXIMUM_JSON_DEPTH; count += 1) {
    if (!openings.test(text)) return false;
  }
  return true;
}

/** The index of the quote that ends the string beginning at `start`; the text's end if none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 34) {
    at += text.charCodeAt(at) === 92 ? 2 : 1;
  }
  return at;
}
