import { projections } from "../../projections/registry.ts";
import type { StoreServer } from "../../projections/stores.ts";

/**
 * One login per part of the platform, on the servers that have rights for logins. A projection's
 * writer is called as the projection; the statements beside this file say what each may do.
 */

/** The query API's: it reads every read model, and nothing else. */
export const QUERIES = "queries";
/** The process managers', in the command side. */
export const PROCESSES = "processes";

/** The projections whose read models stand on a server; each has its writer there. */
export function writersOn(server: StoreServer): readonly string[] {
  return projections.filter((one) => one.server === server).map((one) => one.projection.name);
}

/** The password of a login; the same on every server. */
export type PasswordOf = (login: string) => string;
