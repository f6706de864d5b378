import {
  type Catalogue,
  type CatalogueRow,
  type FieldError,
  PlatformError,
  platformErrors,
  refusal as refusalRow,
} from "../errors/catalogue.ts";
import type { Refusal } from "../kernel/decider.ts";

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** RFC 9457 with our members: a stable code, whether to try again, and where the errors stand. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldError[];
  /** `urn:uuid:` and the correlation id, under which the log has the story. */
  readonly instance?: string;
  /** The figures behind the detail: `required`, `actualVersion` … */
  readonly [fact: string]: unknown;
}

/** A business refusal on its way out. Its code is a row of its context's catalogue. */
export class RefusalError extends Error {
  override readonly name = "RefusalError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** What the caller is told of an error; what is nobody's business stays in the log. */
export function problemOf(error: unknown, catalogue: Catalogue = platformErrors): Problem {
  if (error instanceof RefusalError) {
    const { code, detail, facts } = error.refusal;
    const row = catalogue[code] ?? refusalRow(titleOf(code), detail);
    return { ...facts, ...membersOf(code, row), detail };
  }
  if (error instanceof PlatformError) {
    const problem = { ...error.facts, ...membersOf(error.code, platformErrors[error.code]) };
    const detail = error.message;
    return error.errors.length > 0
      ? { ...problem, detail, errors: error.errors }
      : { ...problem, detail };
  }
  return internalProblem();
}

function internalProblem(): Problem {
  const detail = "The platform has a defect here; its log has the details under this instance.";
  return { ...membersOf("INTERNAL", platformErrors.INTERNAL), detail };
}

function membersOf(code: string, row: CatalogueRow) {
  const { title, status, retryable } = row;
  return { type: problemType(code), title, status, code, retryable };
}

/** A name, not an address: the platform has no public site. `docs/reference/errors.md` has it. */
export function problemType(code: string): string {
  return `urn:cipherhorizon:error:${code.toLowerCase().replaceAll("_", "-")}`;
}

/** `INSUFFICIENT_FUNDS` → `Insufficient funds`. */
function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
