import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb } from "../verb.ts";

export const configCheck = defineVerb({
  name: "check",
  summary: "Says what is wrong with the CH_ variables, all of it at once",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon config check", "CH_PORT=many cipherhorizon config check"],
  run: async ({ output, environment }) => {
    readConfig(environment);
    if (output.json) output.value({ valid: true });
    else output.line("The configuration is valid.");
    return exitCodes.ok;
  },
});
