import { resolve } from "node:path";
import { type Environment, usageFailure } from "../verb.ts";

export const KEY_FILE_OPTION = [
  "--file <file>",
  "the file of keys (else CH_API_KEYS_FILE)",
] as const;

/** The file that a verb on keys works on. The rest of the configuration is none of its business. */
export function keyFileOf(
  options: { readonly file?: string | undefined },
  { environment, verb }: { readonly environment: Environment; readonly verb: string },
): string {
  const file = options.file ?? environment["CH_API_KEYS_FILE"];
  if (file) return resolve(file);
  throw usageFailure("give --file, or set CH_API_KEYS_FILE", `keys ${verb}`);
}
