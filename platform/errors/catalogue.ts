/**
 * Every error that leaves the platform is a row here or in a context's `refusals.ts`: its code is
 * stable, and the reference page is generated from these tables.
 */
export interface CatalogueRow {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  /** The same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Exit code of the command line: 2 usage, 3 config, 4 not found, 5 conflict, 6 refused,
   *  7 unavailable, 8 stalled, 9 partial. */
  readonly exitCode: number;
}

export type Catalogue = Readonly<Record<string, CatalogueRow>>;

/** A row of a context's business refusals: status 422, exit code 6, never retryable. */
export function refusal(title: string, meaning: string): CatalogueRow {
  return { status: 422, title, meaning, retryable: false, exitCode: 6 };
}

function row(
  status: number,
  exitCode: number,
  title: string,
  meaning: string,
  retryable = false,
): CatalogueRow {
  return { status, title, meaning, retryable, exitCode };
}

export const platformErrors = {
  MALFORMED_JSON: row(400, 2, "Malformed JSON", "The body is not JSON, or is cut off."),
  INVALID_REQUEST: row(400, 2, "Invalid request", "A field is missing, unknown or out of range."),
  INVALID_HEADER: row(400, 2, "Invalid header", "A header's value is not of its form."),
  INVALID_CURSOR: row(400, 2, "Invalid cursor", "The cursor was not issued by this query."),
  INVALID_TOKEN: row(400, 2, "Invalid consistency token", "The token is not of its form."),
  UNAUTHENTICATED: row(401, 3, "Not authenticated", "The request bears no key that holds."),
  FORBIDDEN: row(403, 6, "Forbidden", "The key's role may not do this."),
  NOT_OWNED: row(403, 6, "Not one's own", "It belongs to another trader than the key."),
  LOG_MISMATCH: row(409, 5, "Foreign log", "A position, token or checkpoint is of another log."),
  NOT_FOUND: row(404, 4, "Not found", "No such resource."),
  ROUTE_NOT_FOUND: row(404, 4, "No such route", "The path is not one of the API's."),
  METHOD_NOT_ALLOWED: row(405, 2, "Method not allowed", "The path exists with another method."),
  NOT_ACCEPTABLE: row(406, 2, "Not acceptable", "The answer has no form that was asked for."),
  UNSUPPORTED_MEDIA_TYPE: row(415, 2, "Unsupported media type", "The body's type is not read."),
  BODY_TOO_LARGE: row(413, 2, "Body too large", "The body or one of its lines is over its limit."),
  HEADERS_TOO_LARGE: row(431, 2, "Headers too large", "The headers are over their limit."),
  REQUEST_TIMEOUT: row(408, 7, "Request too slow", "The request did not arrive in time.", true),
  VERSION_CONFLICT: row(412, 5, "Version conflict", "The aggregate has another version."),
  COMMAND_ID_REUSED: row(422, 5, "Command id reused", "The id was used for another command."),
  APPEND_REJECTED: row(422, 6, "Events rejected", "The log cannot hold the command's events."),
  RANGE_TOO_LARGE: row(422, 2, "Range too large", "The answer would be over its limit."),
  AS_OF_LIMIT: row(422, 6, "Too far for asOf", "The past cannot be shown within its limits."),
  RATE_LIMITED: row(429, 7, "Too many requests", "The key or address has used its share.", true),
  OVERLOADED: row(503, 7, "Overloaded", "Too many commands wait for this partition.", true),
  DISK_FULL: row(503, 7, "Disk full", "The log's disk has no room; nothing was written.", true),
  NOT_READY: row(503, 7, "Not ready", "The process is catching up or draining.", true),
  NOT_OWNER: row(503, 7, "Not the owner", "Another process owns the partition.", true),
  NOT_YET: row(503, 7, "Not yet", "The read model has not reached the token in time.", true),
  AS_OF_BEING_BUILT: row(
    503,
    7,
    "Past being built",
    "The read model as of then is being replayed from the log; ask again.",
    true,
  ),
  LOG_UNAVAILABLE: row(503, 7, "Log unavailable", "The event log does not answer.", true),
  LOG_REFUSED: row(503, 3, "Log refused", "The log's servers refuse a login, or hold no log."),
  STORE_UNAVAILABLE: row(503, 7, "Read store unavailable", "Its server does not answer.", true),
  STORE_REFUSED: row(503, 3, "Read store refuses", "Its server refuses the login or a right."),
  STORE_UNSUITABLE: row(
    503,
    3,
    "Read store unsuitable",
    "Its server is too old or set up wrongly.",
  ),
  UNREACHABLE: row(503, 7, "Server unreachable", "The server does not answer the client.", true),
  INTERNAL: row(500, 1, "Internal error", "A defect of the platform; the log has the details."),
  FOLDER_LOCKED: row(409, 5, "Data folder in use", "Another process is the command side here."),
  CONFIG_INVALID: row(500, 3, "Configuration invalid", "A CH_ variable is unknown or wrong."),
  STALLED: row(504, 8, "Stalled", "No progress for longer than the limit."),
} satisfies Catalogue;

export type PlatformErrorCode = keyof typeof platformErrors;

/** One thing wrong with a request, where it stands (`/ticks/0/price`) and what to do. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** An error with a row of the catalogue: what every outward failure becomes. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly code: PlatformErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];

  constructor(
    code: PlatformErrorCode,
    detail: string,
    more: { facts?: Readonly<Record<string, unknown>>; errors?: readonly FieldError[] } = {},
  ) {
    super(detail);
    this.code = code;
    this.facts = more.facts ?? {};
    this.errors = more.errors ?? [];
  }
}
