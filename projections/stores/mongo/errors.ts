import {
  MongoBulkWriteError,
  MongoCompatibilityError,
  MongoDriverError,
  MongoError,
  MongoInvalidArgumentError,
  MongoMissingCredentialsError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  type WriteError,
} from "mongodb";
import { PlatformError, type PlatformErrorCode } from "../../../platform/errors/catalogue.ts";

/** Of the server: a document with this key, or this value of a unique index, is there. */
const DUPLICATE_KEY = 11_000;
const COMMAND_NOT_FOUND = 59;
/** Of a collection: it is not there, or there already. */
const NAMESPACE_NOT_FOUND = 26;
const NAMESPACE_EXISTS = 48;

/**
 * The content of a document is at fault: writing it again would fail again. 52 and 57 names of
 * fields, 121 a rule of the collection, 10334 and 17419 beyond 16 MB, 17280 a key too long.
 */
const DATA_ERRORS: ReadonlySet<number> = new Set([52, 57, 121, 10_334, 17_280, 17_419]);

/** 13 a right is missing; 18 and 8000 login refused. */
const REFUSED: ReadonlySet<number> = new Set([13, 18, 8_000]);

/**
 * What passes or is repaired: 6 to 9001 network, 24 and 46 locks, 50 and 262 out of time, 64 and
 * 100 too few members to write to, 91 and 11600 to 11602 shutting down, 112, 225, 246 and 251
 * transactions, 133 and 189 to 13436 elections, 14031 disk.
 */
const UNAVAILABLE: ReadonlySet<number> = new Set([
  ...[6, 7, 24, 46, 50, 64, 89, 91, 100, 112, 133, 189, 225, 246, 251, 262, 9_001],
  ...[10_058, 10_107, 11_600, 11_601, 11_602, 13_388, 13_435, 13_436, 14_031],
]);

/** The driver marks so what it would try again itself. */
const PASSING_LABELS = ["RetryableWriteError", "TransientTransactionError"] as const;

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

export function isCollectionThere(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === NAMESPACE_EXISTS;
}

/** The stand-in tells it without the code. */
export function isCollectionGone(error: unknown): boolean {
  if (!(error instanceof MongoServerError)) return false;
  return error.code === NAMESPACE_NOT_FOUND || error.message.includes("ns not found");
}

export function isDataErrorOfMongo(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) {
    return writeErrorsOf(error).some(({ code }) => DATA_ERRORS.has(Number(code)));
  }
  if (error instanceof MongoServerError) return DATA_ERRORS.has(codeNumber(error));
  return error instanceof MongoInvalidArgumentError && error.message.includes("maximum size");
}

/**
 * Which of a bulk's writes found their key taken, by index. Whatever else went wrong is thrown:
 * the counts of a bulk that failed say nothing.
 */
export function duplicatesOf(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const errors = writeErrorsOf(error);
  const isOther = errors.length === 0 || errors.some(({ code }) => code !== DUPLICATE_KEY);
  if (isOther || error.result.getWriteConcernError() !== undefined) throw error;
  return errors.map(({ index }) => index);
}

function writeErrorsOf({ writeErrors }: MongoBulkWriteError): readonly WriteError[] {
  return [writeErrors].flat();
}

/** An error of the driver or the server by its name in the catalogue; others as they are. */
export function errorOfMongo(wrapped: unknown, place: string): unknown {
  if (!(wrapped instanceof Error)) return wrapped;
  const error = unwrapped(wrapped);
  const code = nameOf(error);
  if (code === null) return error;
  const facts = { mongoCode: codeNumber(error) };
  return new PlatformError(code, `MongoDB at ${place}: ${messageOf(error)}`, { facts });
}

/** A bulk that lost its connection tells so within an error that looks like the server's. */
function unwrapped(error: Error): Error {
  const isBulk = error instanceof MongoBulkWriteError;
  return isBulk && error.errorResponse instanceof Error ? error.errorResponse : error;
}

function nameOf(error: Error): PlatformErrorCode | null {
  if (error instanceof MongoCompatibilityError) return "STORE_UNSUITABLE";
  if (isOfTheLogin(error)) return "STORE_REFUSED";
  if (error instanceof MongoServerError) return isPassing(error) ? "STORE_UNAVAILABLE" : null;
  return isOfTheConnection(error) ? "STORE_UNAVAILABLE" : null;
}

function isOfTheLogin(error: Error): boolean {
  if (error instanceof MongoMissingCredentialsError || hasNoLogins(error)) return true;
  return error instanceof MongoServerError && REFUSED.has(codeNumber(error));
}

/** A server that knows no logins at all is asked for one. */
function hasNoLogins(error: Error): boolean {
  const isUnknown = error instanceof MongoServerError && error.code === COMMAND_NOT_FOUND;
  return isUnknown && error.message.includes("saslStart");
}

function isPassing(error: MongoError): boolean {
  if (PASSING_LABELS.some((label) => error.hasErrorLabel(label))) return true;
  return UNAVAILABLE.has(codeNumber(error));
}

/** The network's own errors, of looking a name up say, are no Mongo errors and have a call. */
function isOfTheConnection(error: Error): boolean {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) return true;
  if (error instanceof MongoOperationTimeoutError) return true;
  if (!(error instanceof MongoError)) return "syscall" in error;
  return error instanceof MongoDriverError && WAITED_OR_CLOSED.test(error.name);
}

/** Classes that the driver keeps to itself. */
const WAITED_OR_CLOSED = /^Mongo(WaitQueueTimeout|TopologyClosed|NotConnected|ClientClosed)Error$/;

function codeNumber(error: Error): number {
  return "code" in error && typeof error.code === "number" ? error.code : 0;
}

function messageOf(error: Error): string {
  return hasNoLogins(error) ? "the server has no logins, and the address names one" : error.message;
}
