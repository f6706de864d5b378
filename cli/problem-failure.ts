import { catalogueOf } from "../command-side/aggregate.ts";
import { aggregates } from "../command-side/registry.ts";
import type { FieldError } from "../platform/errors/catalogue.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, withFieldErrors } from "./failure.ts";

/** The part of an RFC 9457 answer that a person is told. */
export interface Problem {
  readonly status?: number | string;
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly errors?: readonly FieldError[];
}

/** A server's refusal as a failure of the command line; `what` is what was asked of it. */
export function problemFailure(problem: Problem, what: string): Failure {
  const { code = null, title, detail, errors = [] } = problem;
  const sentence = detail ?? title ?? `status ${problem.status}`;
  const parts = {
    failed: `${what} was refused`,
    error: withFieldErrors(sentence, errors),
    tried: title && title !== sentence ? `${what}: ${title}` : what,
    todo: todoOf(problem),
  };
  return new Failure(exitCodeOf(problem), parts, code);
}

const catalogue = catalogueOf(aggregates);

function exitCodeOf({ code, status }: Problem): number {
  const row = code !== undefined && Object.hasOwn(catalogue, code) ? catalogue[code] : undefined;
  if (row !== undefined) return row.exitCode;
  return BY_STATUS[Number(status)] ?? (Number(status) >= 500 ? exitCodes.unavailable : 6);
}

const BY_STATUS: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  401: exitCodes.config,
  403: exitCodes.refused,
  404: exitCodes.notFound,
  405: exitCodes.usage,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  413: exitCodes.usage,
  415: exitCodes.usage,
  500: exitCodes.internal,
};

function todoOf(problem: Problem): string {
  if (problem.retryable) return "run the same command again in a moment";
  switch (exitCodeOf(problem)) {
    case exitCodes.notFound:
      return "check the name and the id";
    case exitCodes.config:
      return "set CH_API_KEY to a key that holds; whoever runs the server makes one: keys create";
    case exitCodes.conflict:
      return "read the current state and decide again";
    case exitCodes.internal:
      return "look into the server's log for this request, and report it";
    default:
      return "change the request as the error says";
  }
}
