/** Every limit of the HTTP server, in one place. */

const MAXIMUM_JSON_BODY_BYTES = 1024 * 1024;
/** A JSON body must be complete within this time. */
const JSON_BODY_TIMEOUT_MS = 15_000;

export const MAXIMUM_NDJSON_LINE_BYTES = 64 * 1024;
/** The next bytes of an NDJSON body must come within this time; the whole may take hours. */
export const NDJSON_IDLE_TIMEOUT_MS = 30_000;
/** A client that takes nothing of an NDJSON answer for so long loses it. */
export const NDJSON_STALL_TIMEOUT_MS = 60_000;
/** Lines of an answer are gathered up to this size before they are written. */
export const NDJSON_WRITE_BYTES = 16 * 1024;

export const MAXIMUM_HEADER_BYTES = 16 * 1024;
export const HEADERS_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often a closing server looks for connections without a request. */
export const IDLE_SWEEP_MS = 50;
export const MAXIMUM_CONNECTIONS = 1_024;
export const MAXIMUM_QUERY_PARAMETERS = 64;

/** After an early answer the rest of the body is read and dropped this long, so that the client
 *  sees the answer and no reset; then the connection ends. */
export const LINGER_MS = 3_000;

/** What the handler of a request is told to wait before it tries again, if nobody knows better. */
export const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** The limits that a test may tighten. */
export interface BodyLimits {
  readonly maximumBytes: number;
  readonly timeoutMs: number;
}

export const JSON_BODY_LIMITS: BodyLimits = {
  maximumBytes: MAXIMUM_JSON_BODY_BYTES,
  timeoutMs: JSON_BODY_TIMEOUT_MS,
};
