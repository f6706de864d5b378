import { AbortError, HttpError, RequestTimedOutError } from "@influxdata/influxdb-client";
import { PlatformError } from "../../../platform/errors/catalogue.ts";

/** The login is unknown, or lacks a right. */
const REFUSED: ReadonlySet<number> = new Set([401, 403]);
/** The server's own trouble, and what passes: 408 and 429 besides all of 5xx. */
const PASSING: ReadonlySet<number> = new Set([408, 429]);
/** 400, of InfluxDB 2 422: some lines are wrong, and the others are in. 413: too much in them. */
const OF_CONTENT: ReadonlySet<number> = new Set([400, 413, 422]);

/** InfluxQL answers with status 200 and a text; a write to InfluxDB 2 knows no database. */
const MISSING_DATABASE = /^(database not found|no dbrp mapping found)/;
/** 403: to who may not read a database it looks the same whether it is there or not. */
const HIDDEN_DATABASE = /requires READ on /;

/** The content of what was written is at fault: writing it again would fail again. */
export function isDataErrorOfInflux(error: unknown): boolean {
  return error instanceof HttpError && OF_CONTENT.has(error.statusCode);
}

/** There is nothing of that name on the server. */
export function isMissingOnInflux(error: unknown): boolean {
  return error instanceof HttpError && error.statusCode === 404;
}

/** What the server says, without the frame that the client puts around it. */
export function saidBy(error: unknown): string {
  const answer = error instanceof HttpError ? error.json : undefined;
  const said: unknown = answer?.error ?? answer?.message;
  if (typeof said === "string") return said;
  return error instanceof Error ? error.message : String(error);
}

/**
 * The database is not there, for this login at least: the generation was dropped, or not made yet,
 * or nobody has granted it.
 */
export class MissingDatabase extends Error {
  override readonly name = "MissingDatabase";
}

/** An error of the client or the server by its name in the catalogue; others as they are. */
export function errorOfInflux(error: unknown, place: string): unknown {
  if (error instanceof HttpError) return errorOfAnswer(error, place);
  if (!(error instanceof Error)) return error;
  const isOfTheConnection =
    error instanceof AbortError || error instanceof RequestTimedOutError || "errno" in error;
  const hasSeveral = error instanceof AggregateError || "code" in error;
  return isOfTheConnection || hasSeveral ? unavailable(error.message, place) : error;
}

/** The error that a statement of a query answered with. */
export function errorOfStatement(message: string, place: string): Error {
  if (MISSING_DATABASE.test(message)) return new MissingDatabase(message);
  if (/not authorized|not authenticated/.test(message)) return refused(message, place);
  if (/timeout|shutdown|engine is closed/.test(message)) return unavailable(message, place);
  return new Error(`InfluxDB at ${place}: ${message}`);
}

function errorOfAnswer(error: HttpError, place: string): Error {
  const { statusCode } = error;
  const message = saidBy(error);
  if (statusCode === 403 && HIDDEN_DATABASE.test(message)) return new MissingDatabase(message);
  if (REFUSED.has(statusCode)) return refused(message, place);
  if (statusCode === 404 && MISSING_DATABASE.test(message)) return new MissingDatabase(message);
  if (statusCode >= 500 || PASSING.has(statusCode)) return unavailable(message, place);
  return error;
}

function refused(message: string, place: string): PlatformError {
  return new PlatformError("STORE_REFUSED", `InfluxDB at ${place}: ${message}`);
}

function unavailable(message: string, place: string): PlatformError {
  const detail = message === "" ? "it does not answer" : message;
  return new PlatformError("STORE_UNAVAILABLE", `InfluxDB at ${place}: ${detail}`);
}
