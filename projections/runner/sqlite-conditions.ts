import type { SQLInputValue } from "node:sqlite";

/** Conditions of a query, written in the code, with the values to bind. */
export interface Conditions {
  /** Joined by AND. */
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** `[["asset = ?", asset], …]`; a condition whose value is undefined or null is left out. */
export function conditions(
  all: readonly (readonly [sql: string, value: SQLInputValue | undefined])[],
): Conditions {
  const given = all.filter(([, value]) => value !== undefined && value !== null);
  return {
    sql: given.map(([sql]) => sql).join(" AND "),
    values: given.map(([, value]) => value as SQLInputValue),
  };
}
