import type { Headers } from "../log.ts";

/**
 * Headers as the text of a JSON array, names and values in turn: `[0,"1.0",1,"a1b2…","x","y"]`.
 * The names every event carries stand as their number in this list, which saves about a third of
 * a small record. The numbers are in log files: the list only ever grows at its end.
 */
const NUMBERED_NAMES = [
  "ce_specversion",
  "ce_id",
  "ce_source",
  "ce_type",
  "ce_subject",
  "ce_time",
  "content-type",
  "ce_sequence",
  "ce_epoch",
  "ce_commandid",
  "ce_commandindex",
  "ce_commandhash",
  "ce_correlationid",
  "ce_causationid",
  "ce_causationposition",
  "ce_actor",
  "traceparent",
] as const;

const numbers = new Map<string, number>(NUMBERED_NAMES.map((name, number) => [name, number]));

export function encodeHeaders(headers: Headers): string {
  const flat: (string | number)[] = [];
  for (const name of Object.keys(headers)) {
    flat.push(numbers.get(name) ?? name, headers[name] as string);
  }
  return JSON.stringify(flat);
}

export function decodeHeaders(text: string): Headers {
  const flat = JSON.parse(text) as (string | number)[];
  const entries: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) {
    entries.push([nameOf(flat[i] as string | number), flat[i + 1] as string]);
  }
  return Object.fromEntries(entries);
}

function nameOf(name: string | number): string {
  if (typeof name === "string") return name;
  const known = NUMBERED_NAMES[name];
  if (known === undefined) {
    throw new Error(`header number ${name} is unknown: a newer version wrote this log`);
  }
  return known;
}
