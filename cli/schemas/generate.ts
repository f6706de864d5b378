import { z } from "zod";
import { SCHEMA_FOLDER } from "../../platform/codec/codec.ts";
import { writeGeneratedFiles } from "../../platform/codec/generate.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb } from "../verb.ts";

export const schemasGenerate = defineVerb({
  name: "generate",
  summary: "Writes the TypeScript types of the newest versions below schemas/generated",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon schemas generate"],
  run: async ({ output }) => {
    for (const path of writeGeneratedFiles(SCHEMA_FOLDER)) {
      if (output.json) output.value({ path });
      else output.line(path);
    }
    return exitCodes.ok;
  },
});
