/**
 * Readers of JSON: each takes a value and its place in the answer, and gives it with its type or
 * says what is wrong where. An answer that has changed is then told, not shown half.
 */
export type Reader<T> = (value: unknown, place: string) => T;

class ShapeError extends Error {
  constructor(place: string, expected: string, value: unknown) {
    super(`${place} is ${JSON.stringify(value)?.slice(0, 60) ?? "missing"}, not ${expected}`);
    this.name = "ShapeError";
  }
}

export const text: Reader<string> = (value, place) => {
  if (typeof value !== "string") throw new ShapeError(place, "text", value);
  return value;
};

export const number: Reader<number> = (value, place) => {
  if (typeof value !== "number") throw new ShapeError(place, "a number", value);
  return value;
};

export const flag: Reader<boolean> = (value, place) => {
  if (typeof value !== "boolean") throw new ShapeError(place, "true or false", value);
  return value;
};

/** A decimal is text and stays text: the page shows it and never reckons with it. */
export const decimal: Reader<string> = (value, place) => {
  if (typeof value === "number") return String(value);
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return value;
  throw new ShapeError(place, "a decimal", value);
};

export const anything: Reader<unknown> = (value) => value;

/** Absent or null: null. */
export function optional<T>(read: Reader<T>): Reader<T | null> {
  return (value, place) => (value === undefined || value === null ? null : read(value, place));
}

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw new ShapeError(place, "a list", value);
    return value.map((one, index) => read(one, `${place}/${index}`));
  };
}

export function record<T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, place) => {
    const entries = Object.entries(membersOf(value, place));
    return Object.fromEntries(entries.map(([name, one]) => [name, read(one, `${place}/${name}`)]));
  };
}

type Fields = Readonly<Record<string, Reader<unknown>>>;
type Shaped<F extends Fields> = { readonly [Name in keyof F]: ReturnType<F[Name]> };

/** The named members; others are left out. */
export function shape<F extends Fields>(fields: F): Reader<Shaped<F>> {
  return (value, place) => {
    const members = membersOf(value, place);
    const entries = Object.entries(fields).map(([name, read]) => {
      return [name, read(members[name], `${place}/${name}`)];
    });
    return Object.fromEntries(entries) as Shaped<F>;
  };
}

function membersOf(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ShapeError(place, "an object", value);
  }
  return value as Record<string, unknown>;
}
