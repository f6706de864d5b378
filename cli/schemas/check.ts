import { z } from "zod";
import { checkSchemas } from "../../platform/codec/check.ts";
import { SCHEMA_FOLDER } from "../../platform/codec/codec.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { defineVerb } from "../verb.ts";

export const schemasCheck = defineVerb({
  name: "check",
  summary: "Whether every version of every event reads every other, and the types are up to date",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon schemas check"],
  run: async ({ output }) => {
    const findings = checkSchemas(SCHEMA_FOLDER);
    if (output.json) {
      for (const finding of findings) output.value(finding);
    }
    if (findings.length > 0) {
      throw new Failure(exitCodes.refused, {
        failed: `the schemas have ${findings.length} problems`,
        error: findings.map(({ where, message }) => `${where}: ${message}`).join("\n"),
        tried: `all versions below ${SCHEMA_FOLDER}, pair by pair`,
        todo: "add a version, never change a released one; then: cipherhorizon schemas generate",
      });
    }
    output.message("All versions read each other, and the generated types are up to date.");
    return exitCodes.ok;
  },
});
