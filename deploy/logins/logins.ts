import { projections } from "../../projections/registry.ts";
import type { StoreServer } from "../../projections/stores.ts";

/**
 * One login per part of the platform, on the servers that have rights for logins. A projection's
 * process is called as the projection; the files beside this one say what each may do.
 */

/** The query API's: it reads every read model and the log, and nothing else. */
export const QUERIES = "queries";
/** The command side's, on the log. */
export const COMMAND_SIDE = "command-side";
/** The process managers', in the command side. */
export const PROCESSES = "processes";
/** Of who makes topics; no part of the platform runs with it. */
export const OPERATOR = "operator";

/** The projections whose read models stand on a server; each has its writer there. */
export function writersOn(server: StoreServer): readonly string[] {
  return projections.filter((one) => one.server === server).map((one) => one.projection.name);
}

/** The password of a login; the same on every server. */
export type PasswordOf = (login: string) => string;

/** For whom logins are made. */
export interface Platform {
  readonly passwordOf: PasswordOf;
  /** What stands before the names of its topics and groups. */
  readonly topicPrefix: string;
}
