import { DatabaseError } from "pg";
import { PlatformError, type PlatformErrorCode } from "../../../platform/errors/catalogue.ts";

/**
 * Classes of SQLSTATE in which the content of a row is at fault: writing it again would fail again.
 * 22 data exception, 23 integrity constraint, 54 program limit (a key too long for its index).
 */
const DATA_ERROR_CLASSES: ReadonlySet<string> = new Set(["22", "23", "54"]);

/** 28 login refused; 3D000 no such database; 42501 a right is missing. */
const REFUSED = /^(28...|3D000|42501)$/;

/**
 * What passes or is repaired: 08 connection, 25006 a standby, 40 rolled back, 53 resources,
 * 55P03 a lock was held too long, 57 shutting down, starting, cancelled by a time-out, 58 disk.
 */
const UNAVAILABLE = /^(08...|25006|40...|53...|55P03|57...|58...)$/;

/** Tables or schema are not there: the generation was dropped, or not made yet. */
const MISSING = /^(3F000|42P01)$/;

export function isDataErrorOfPostgres(error: unknown): boolean {
  return DATA_ERROR_CLASSES.has(stateOf(error).slice(0, 2));
}

export function isMissingGeneration(error: unknown): boolean {
  return MISSING.test(stateOf(error));
}

/** An error of the client or the server by its name in the catalogue; others as they are. */
export function errorOfPostgres(error: unknown, place: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code === null) return error;
  const detail = `PostgreSQL at ${place}: ${messageOf(error)}`;
  return new PlatformError(code, detail, { facts: { sqlState: stateOf(error) } });
}

function codeOf(error: Error): PlatformErrorCode | null {
  if (error instanceof DatabaseError) {
    const state = stateOf(error);
    if (REFUSED.test(state)) return "STORE_REFUSED";
    return UNAVAILABLE.test(state) ? "STORE_UNAVAILABLE" : null;
  }
  if (isWithoutPassword(error)) return "STORE_REFUSED";
  return isOfTheConnection(error) ? "STORE_UNAVAILABLE" : null;
}

/** The client's own errors are plain ones; the network's have a code; defects have a class. */
function isOfTheConnection(error: Error): boolean {
  if (error instanceof AggregateError) return true;
  return error.constructor === Error || "errno" in error;
}

function stateOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? "") : "";
}

/** The client notices in the middle of the login that it has no password to give. */
function isWithoutPassword({ message }: Error): boolean {
  return message.startsWith("SASL") && message.includes("client password");
}

/** Of an address with several numbers each has its own error, and their sum no message. */
function messageOf(error: Error): string {
  if (isWithoutPassword(error)) return "the server wants a password, and the address has none";
  const all = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
}
