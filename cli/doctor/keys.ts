import { readKeyFile, type StoredKeys, stateOf } from "../../platform/access/key-file.ts";
import type { Config } from "../../platform/config/config.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { type Finding, fail, ok, warn } from "./findings.ts";

/** A key that expires this soon is told of. */
const SOON_MS = 7 * 86_400_000;
const MAKE_ONE = "cipherhorizon keys create --role operator";

/** Whether the file of keys can be used, and for how long. */
export function checkKeys({ apiKeysFile }: Config, nowMs: number): Finding {
  if (apiKeysFile === null) return ok("keys", "none: this machine alone reaches the servers");
  try {
    return judge(readKeyFile(apiKeysFile), nowMs);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return fail("keys", error.message, MAKE_ONE);
  }
}

function judge(keys: StoredKeys, nowMs: number): Finding {
  const holding = [...keys.values()].filter((one) => stateOf(one, nowMs) === "holds");
  const operators = holding.filter(({ key }) => key.role === "operator");
  const count = `${holding.length} of ${keys.size} hold`;
  if (holding.length === 0) return fail("keys", count, MAKE_ONE);
  if (operators.length === 0) return warn("keys", `${count}, and none is an operator's`, MAKE_ONE);
  const soon = holding.filter(({ key: { expiresAt } }) => {
    return expiresAt !== null && Date.parse(expiresAt) - nowMs < SOON_MS;
  });
  if (soon.length === 0) return ok("keys", count);
  const ids = soon.map(({ key }) => key.id).join(", ");
  return warn("keys", `${ids} expire within 7 days`, "cipherhorizon keys create, then keys revoke");
}
