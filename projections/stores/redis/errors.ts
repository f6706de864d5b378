import { PlatformError, type PlatformErrorCode } from "../../../platform/errors/catalogue.ts";

/** The first word of what the server answers; others are defects. */
const CODES: Readonly<Record<string, PlatformErrorCode>> = {
  // The login or one of its rights.
  NOAUTH: "STORE_REFUSED",
  WRONGPASS: "STORE_REFUSED",
  NOPERM: "STORE_REFUSED",
  DENIED: "STORE_REFUSED",
  // Starting, a script of somebody's that runs too long, no memory, a replica, no disk.
  LOADING: "STORE_UNAVAILABLE",
  BUSY: "STORE_UNAVAILABLE",
  OOM: "STORE_UNAVAILABLE",
  READONLY: "STORE_UNAVAILABLE",
  MASTERDOWN: "STORE_UNAVAILABLE",
  NOREPLICAS: "STORE_UNAVAILABLE",
  MISCONF: "STORE_UNAVAILABLE",
  // A cluster, of which this client knows only one server.
  MOVED: "STORE_UNSUITABLE",
  ASK: "STORE_UNSUITABLE",
  CROSSSLOT: "STORE_UNSUITABLE",
  CLUSTERDOWN: "STORE_UNSUITABLE",
};

/** What the server tells without a word of its own; the last two are a right missing in a script. */
const REFUSED = /^ERR (DB index|invalid DB index|AUTH |The user executing the script|ACL failure)/;
const FULL = /^ERR max number of clients/;

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/**
 * An error of the client or the server by its name in the catalogue. Never the client's own: that
 * carries the command with its arguments, which are rows, or the password.
 */
export function errorOfRedis(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || error instanceof PlatformError) return error;
  const detail = `Redis at ${place}: ${messageOf(error)}`;
  const code = codeOf(error);
  return code === null ? new Error(detail) : new PlatformError(code, detail);
}

function codeOf(error: Error): PlatformErrorCode | null {
  if (error.name !== "ReplyError") return "STORE_UNAVAILABLE";
  const { message } = error;
  if (REFUSED.test(message)) return "STORE_REFUSED";
  if (FULL.test(message)) return "STORE_UNAVAILABLE";
  return CODES[message.slice(0, message.search(/\s|$/))] ?? null;
}

/** What the client says when the connection broke just now, and it will not wait for another. */
const BROKEN = /^Stream isn't writeable/;

/** Of an address with several numbers each has its own error, and their sum no message. */
function messageOf(error: Error): string {
  const all = error instanceof AggregateError ? error.errors : [error];
  const messages = all.map((one) => (one instanceof Error ? one.message : String(one)));
  return messages.join("; ").replace(BROKEN, "the connection is lost: $&");
}
