import { z } from "zod";
import { bringDown } from "../../deploy/local/bring-down.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb } from "../verb.ts";
import { PLACE_LINES, placeOf, placeOptions } from "./place.ts";
import { showStopped } from "./show-stopped.ts";
import { orStackFailure } from "./stack-failure.ts";

export const stackDown = defineVerb({
  name: "down",
  words: "[names...]",
  summary: "Stops servers of the stack, all at once; their data stay",
  optionLines: [...PLACE_LINES, ["--force", "kills what does not end in time"]],
  options: z.strictObject({ ...placeOptions, force: z.boolean().default(false) }),
  examples: ["cipherhorizon stack down", "cipherhorizon stack down kafka-2"],
  run: async ({ words, options, output, environment }) => {
    const request = { ...placeOf(options, environment), names: words, isForced: options.force };
    const outcomes = await orStackFailure("the stack was not stopped", () => bringDown(request));
    showStopped(outcomes, "stopped", output);
    return exitCodes.ok;
  },
});
