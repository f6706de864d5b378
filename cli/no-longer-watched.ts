import { exitCodes } from "./exit-codes.ts";
import { Failure, type FailureParts } from "./failure.ts";
import type { Session } from "./session.ts";

/** The user stopped watching (Ctrl-C) what goes on by itself; `todo` says how to come back. */
export function noLongerWatched(
  session: Pick<Session, "isEmbedded">,
  what: string,
  parts: Pick<FailureParts, "tried" | "todo">,
): Failure {
  const goesOn = session.isEmbedded
    ? "it goes on when the folder is served again"
    : "it goes on in the server";
  return new Failure(exitCodes.interrupted, {
    ...parts,
    failed: `${what} is no longer watched`,
    error: `interrupted; ${goesOn}`,
  });
}
