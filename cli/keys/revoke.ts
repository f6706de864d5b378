import { z } from "zod";
import { readKeyFile, revokeKey } from "../../platform/access/key-file.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { defineVerb, usageFailure } from "../verb.ts";
import { KEY_FILE_OPTION, keyFileOf } from "./key-file-option.ts";

export const keysRevoke = defineVerb({
  name: "revoke",
  words: "<id>",
  summary: "Ends a key for good; running servers know it within a second",
  optionLines: [KEY_FILE_OPTION],
  options: z.strictObject({ file: z.string().optional() }),
  examples: ["cipherhorizon keys revoke 5f0c1a2b3c4d"],
  run: async ({ words, options, output, environment }) => {
    const [id] = words;
    if (id === undefined) throw usageFailure("give the key's id", "keys revoke");
    const file = keyFileOf(options, { environment, verb: "revoke" });
    const known = readKeyFile(file).get(id);
    if (known === undefined) throw unknownKey(id, file);
    if (known.revokedAt === null) revokeKey(file, id, Date.now());
    if (output.json) output.value({ id, revoked: true });
    else output.line(`${id} is revoked`);
    return exitCodes.ok;
  },
});

function unknownKey(id: string, file: string): Failure {
  return new Failure(exitCodes.notFound, {
    failed: `the key ${id} was not revoked`,
    error: "there is no key with this id",
    tried: file,
    todo: "see the ids with: cipherhorizon keys list",
  });
}
