import { newApiKey } from "./api-key.ts";
import type { Role } from "./roles.ts";

/** A new key; a trader's is of the trader `t-1`. */
export function keyOf(role: Role, expiresAt: string | null = null) {
  const traderId = role === "trader" ? "t-1" : null;
  return newApiKey({ role, traderId, label: "", createdAt: "2026-01-01T00:00:00Z", expiresAt });
}
