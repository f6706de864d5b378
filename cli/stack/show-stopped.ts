import type { DownOutcome } from "../../deploy/local/bring-down.ts";
import type { Output } from "../output.ts";
import { joinedFailure } from "./stack-failure.ts";

/** Tells what has been stopped or destroyed; throws what has not. */
export function showStopped(
  outcomes: readonly DownOutcome[],
  done: "stopped" | "destroyed",
  output: Output,
): void {
  const succeeded = outcomes.filter(({ error }) => error === null);
  for (const { instance, wasRunning } of succeeded) {
    const { name } = instance;
    if (output.json) output.value({ name, done, wasRunning });
    else if (wasRunning || done === "destroyed") output.line(`${name} ${done}`);
    else output.line(`${name} was not running`);
  }
  const failed = outcomes.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const failures = failed.map(({ instance, error }) => ({ name: instance.name, error }));
  const names = failures.map(({ name }) => name).join(", ");
  throw joinedFailure(`not ${done}: ${names}`, failures, succeeded.length);
}
