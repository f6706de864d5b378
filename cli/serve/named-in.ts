import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

/** The names, separated by commas, that a variable wishes; an unknown one ends the start. */
export function namedIn(variable: string, wish: string, known: readonly string[]): string[] {
  const wanted = wish.split(",");
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return wanted;
  throw new Failure(exitCodes.config, {
    failed: `${variable} cannot be used`,
    error: `there is no ${unknown} among those it may name`,
    tried: `the names ${known.join(", ")}`,
    todo: "use some of these names, or all",
  });
}
