import { createInterface } from "node:readline/promises";
import { z } from "zod";
import { destroy } from "../../deploy/local/bring-down.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { defineVerb } from "../verb.ts";
import { PLACE_LINES, placeOf, placeOptions } from "./place.ts";
import { showStopped } from "./show-stopped.ts";
import { orStackFailure } from "./stack-failure.ts";

export const stackDestroy = defineVerb({
  name: "destroy",
  words: "[names...]",
  summary: "Stops servers of the stack and removes their data; asks before, or wants --yes",
  optionLines: [
    ...PLACE_LINES,
    ["--yes", "does not ask"],
    ["--force", "kills what does not end in time"],
  ],
  options: z.strictObject({
    ...placeOptions,
    yes: z.boolean().default(false),
    force: z.boolean().default(false),
  }),
  examples: ["cipherhorizon stack destroy", "cipherhorizon stack destroy postgres --yes"],
  run: async ({ words, options, output, environment, interrupted }) => {
    const place = placeOf(options, environment);
    const what = words.length === 0 ? "all servers" : words.join(", ");
    if (!options.yes) await confirm(`${what} in ${place.folder}`, output.animated, interrupted);
    const request = { ...place, names: words, isForced: options.force };
    const outcomes = await orStackFailure("the stack was not destroyed", () => destroy(request));
    showStopped(outcomes, "destroyed", output);
    return exitCodes.ok;
  },
});

async function confirm(what: string, isTerminal: boolean, signal: AbortSignal): Promise<void> {
  if (!isTerminal || !process.stdin.isTTY) throw unconfirmed(what, "nobody can be asked here");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Remove the data of ${what}? Type yes: `, { signal });
    if (answer.trim() !== "yes") throw unconfirmed(what, `the answer was "${answer}"`);
  } finally {
    prompt.close();
  }
}

function unconfirmed(what: string, error: string): Failure {
  return new Failure(exitCodes.refused, {
    failed: "nothing was destroyed",
    error,
    tried: `asking whether the data of ${what} shall be removed`,
    todo: "give --yes if they shall",
  });
}
