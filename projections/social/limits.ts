import { PlatformError } from "../../platform/errors/catalogue.ts";

/** Copiers that one answer lists, and how deep the tree is followed. */
export const LISTED_COPIERS = 1_000;
export const COPIERS_DEPTH = 20;
/** Steps of a path. */
export const PATH_STEPS = 8;
/** Candidates by common follows among whom influence decides. */
export const SUGGESTION_CANDIDATES = 1_000;

export function tooMany(what: string): PlatformError {
  return new PlatformError("RANGE_TOO_LARGE", `the answer would need more than ${what}`);
}
