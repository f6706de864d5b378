import type { Value } from "../../runner/projection.ts";

/** InfluxQL with its values bound, never concatenated. A value's place is a `?`. */
export interface InfluxStatement {
  readonly text: string;
  readonly values: readonly InfluxValue[];
}

/** A bigint is a time in nanoseconds, which a number could not hold. */
export type InfluxValue = string | number | boolean | bigint;

/** One series of an answer: its columns, and a row of values for each point. */
export interface InfluxSeries {
  readonly name: string;
  /** Where a statement groups by tags; a tag that the series lacks is "". */
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly Value[])[];
}

/** The body of a request: all statements, and their values as parameters `$p0`, `$p1` … */
export function boundRequest(statements: readonly InfluxStatement[]): string {
  const values: InfluxValue[] = [];
  const texts = statements.map((statement) => {
    let place = 0;
    const text = statement.text.replaceAll("?", () => {
      values.push(boundValue(statement.values[place]));
      place += 1;
      return `$p${values.length - 1}`;
    });
    if (place === statement.values.length) return text;
    throw new RangeError(`${statement.values.length} values for ${place} places`);
  });
  // JSON knows no bigint, though its numbers may have any length.
  const params = values.map((value, i) => {
    return `"p${i}":${typeof value === "bigint" ? value : JSON.stringify(value)}`;
  });
  return new URLSearchParams({ q: texts.join(";\n"), params: `{${params.join()}}` }).toString();
}

function boundValue(value: InfluxValue | undefined): InfluxValue {
  if (value === undefined) throw new RangeError("a place without a value");
  return value;
}

/** The name of a measurement, a tag, a field or a database within InfluxQL. */
export function identifier(name: string): string {
  if (/["\\\n?]/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name here`);
  return `"${name}"`;
}

export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(", ");
}
