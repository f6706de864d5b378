import { z } from "zod";
import { describeConfig, readConfig } from "../../platform/config/config.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { exitCodes } from "../exit-codes.ts";
import { table } from "../output.ts";
import { defineVerb, type Environment } from "../verb.ts";

export const configShow = defineVerb({
  name: "show",
  summary: "Every CH_ variable with its value and where that comes from",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon config show", "cipherhorizon config show --json"],
  run: async ({ output, environment }) => {
    const settings = describeConfig(environment);
    if (output.json) {
      for (const setting of settings) output.value(setting);
    } else {
      const rows = settings.map(({ name, value, source }) => [name, value ?? "", source]);
      output.line(table(["variable", "value", "from"], rows));
    }
    if (!isValid(environment)) {
      output.message("Something of it is wrong: cipherhorizon config check says what.");
    }
    return exitCodes.ok;
  },
});

function isValid(environment: Environment): boolean {
  try {
    readConfig(environment);
    return true;
  } catch (error) {
    if (error instanceof PlatformError) return false;
    throw error;
  }
}
