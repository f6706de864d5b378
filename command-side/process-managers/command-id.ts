import { v5 } from "uuid";

/** The namespace of process managers' commands; it never changes, or work would be done twice. */
const COMMAND_NAMESPACE = "b0f3c5c1-8d0c-5b6e-9a34-6d5d2f0e7a19";

/** uuid v5 of what caused a command (an event's id, a minute of a portfolio) and of the step. */
export function commandIdOf(cause: string, step: string): string {
  return v5(`${cause}|${step}`, COMMAND_NAMESPACE);
}
