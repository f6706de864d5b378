import { z } from "zod";
import { readKeyFile, type StoredKey, stateOf } from "../../platform/access/key-file.ts";
import { exitCodes } from "../exit-codes.ts";
import { table } from "../output.ts";
import { defineVerb } from "../verb.ts";
import { KEY_FILE_OPTION, keyFileOf } from "./key-file-option.ts";

export const keysList = defineVerb({
  name: "list",
  summary: "Every key of the file: whose it is and whether it holds, never the key itself",
  optionLines: [KEY_FILE_OPTION],
  options: z.strictObject({ file: z.string().optional() }),
  examples: ["cipherhorizon keys list", "cipherhorizon keys list --json"],
  run: async ({ options, output, environment }) => {
    const keys = readKeyFile(keyFileOf(options, { environment, verb: "list" }));
    const shown = [...keys.values()].map(describe);
    if (output.json) {
      for (const one of shown) output.value(one);
      return exitCodes.ok;
    }
    const header = ["id", "role", "trader", "state", "made", "expires", "label"];
    const rows = shown.map((one) => {
      const { id, role, traderId, state, createdAt, expiresAt, label } = one;
      return [id, role, traderId ?? "", state, createdAt, expiresAt ?? "", label];
    });
    output.line(table(header, rows));
    return exitCodes.ok;
  },
});

function describe(stored: StoredKey) {
  const { sha256: _sha256, ...shown } = stored.key;
  return { ...shown, revokedAt: stored.revokedAt, state: stateOf(stored, Date.now()) };
}
