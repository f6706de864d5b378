import { z } from "zod";
import { newApiKey } from "../../platform/access/api-key.ts";
import { addKey } from "../../platform/access/key-file.ts";
import { roles } from "../../platform/access/roles.ts";
import { idField } from "../../platform/fields/fields.ts";
import { exitCodes } from "../exit-codes.ts";
import { defineVerb, usageFailure } from "../verb.ts";
import { KEY_FILE_OPTION, keyFileOf } from "./key-file-option.ts";

const MAXIMUM_LABEL = 200;

export const keysCreate = defineVerb({
  name: "create",
  summary: "Makes a key and prints it, once: the file keeps only its hash",
  optionLines: [
    ["--role <role>", `${roles.join(", ")}`],
    ["--trader <id>", "the trader whose key it is: owns what it opens; a trader's key needs it"],
    ["--label <text>", "what it is for, shown by keys list"],
    ["--expires <time>", "ISO-8601; else it holds until it is revoked"],
    KEY_FILE_OPTION,
  ],
  options: z.strictObject({
    role: z.enum(roles),
    trader: idField().optional(),
    label: z.string().max(MAXIMUM_LABEL).default(""),
    expires: z.iso.datetime({ offset: true }).optional(),
    file: z.string().optional(),
  }),
  examples: [
    "cipherhorizon keys create --role operator --label 'me' --file ./api-keys.jsonl",
    "cipherhorizon keys create --role trader --trader t-1 --expires 2027-01-01T00:00:00Z",
  ],
  run: async ({ options, output, environment }) => {
    const { role, trader = null, label, expires } = options;
    if (role === "trader" && trader === null) {
      throw usageFailure("a trader's key is of one trader: give --trader", "keys create");
    }
    const file = keyFileOf(options, { environment, verb: "create" });
    const createdAt = new Date().toISOString();
    const expiresAt = expires === undefined ? null : new Date(expires).toISOString();
    const { text, key } = newApiKey({ role, traderId: trader, label, createdAt, expiresAt });
    addKey(file, key);
    if (output.json)
      output.value({ id: key.id, role, traderId: trader, label, expiresAt, key: text });
    else output.line(text);
    output.message(`Key ${key.id} is in ${file}; it is shown here and never again.`);
    return exitCodes.ok;
  },
});
