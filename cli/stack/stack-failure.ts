import { StackError } from "../../deploy/local/stack-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, toFailure } from "../failure.ts";

/** Does a step of a verb; what the stack expects to fail becomes a failure with four parts. */
export async function orStackFailure<T>(failed: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw asFailure(error, failed);
  }
}

export interface Failed {
  readonly name: string;
  readonly error: unknown;
}

/** The failures of several servers as one; `partial` where others have succeeded. */
export function joinedFailure(failed: string, all: readonly Failed[], succeeded: number): Failure {
  const failures = all.map(({ name, error }) => ({ name, ...asFailure(error, name).parts }));
  const told = (part: "error" | "tried" | "todo") => {
    return failures.map((failure) => `${failure.name}: ${failure[part]}`).join("\n");
  };
  const exitCode = succeeded > 0 ? exitCodes.partial : exitCodes.unavailable;
  return new Failure(exitCode, {
    failed,
    error: told("error"),
    tried: told("tried"),
    todo: told("todo"),
  });
}

function asFailure(error: unknown, failed: string): Failure {
  if (!(error instanceof StackError)) return toFailure(error, failed);
  const { message, tried, todo } = error;
  return new Failure(exitCodes.unavailable, { failed, error: message, tried, todo });
}
