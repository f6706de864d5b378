import { Neo4jError } from "neo4j-driver";
import { PlatformError, type PlatformErrorCode } from "../../../platform/errors/catalogue.ts";

/** Login, rights, and a database that is not there. */
const REFUSED = /^Neo\.ClientError\.(Security\..+|Database\.DatabaseNotFound)$/;

/**
 * What passes or is repaired: the driver's own names for a lost or refused connection (`N/A` when
 * none came free in time, `ProtocolError` when a server that is just starting hangs up), what the
 * server calls transient, its own troubles (a full disk), and a transaction that it has ended, by
 * the time-out say.
 */
const UNAVAILABLE =
  /^(ServiceUnavailable|SessionExpired|ProtocolError|N\/A|Neo\.(TransientError|DatabaseError)\..+|Neo\.ClientError\.Transaction\..+)$/;

/** A unique key that is there already: no write of ours makes one, unless rows are wrong. */
const CONSTRAINT_FAILED = "Neo.ClientError.Schema.ConstraintValidationFailed";
/** The server has no code of its own for a key that is longer than an index can hold. */
const TOO_LARGE = /^Property value is too large to index/;

/** Another process has made the same index or constraint at this moment. */
const MADE_ALREADY =
  /^Neo\.ClientError\.Schema\.(EquivalentSchemaRuleAlreadyExists|(Constraint|Index)(With[A-Za-z]+)?AlreadyExists)$/;

/** The content of a row is at fault: writing it again would fail again. */
export function isDataErrorOfNeo4j(error: unknown): boolean {
  if (!(error instanceof Neo4jError)) return false;
  return error.code === CONSTRAINT_FAILED || TOO_LARGE.test(error.message);
}

export function isMadeAlready(error: unknown): boolean {
  return error instanceof Neo4jError && MADE_ALREADY.test(error.code);
}

/** An error of the driver or the server by its name in the catalogue; others as they are. */
export function errorOfNeo4j(error: unknown, place: string): unknown {
  if (!(error instanceof Neo4jError) || isDataErrorOfNeo4j(error)) return error;
  const code = codeOf(error);
  if (code === null) return error;
  const detail = `Neo4j at ${place}: ${error.message}`;
  return new PlatformError(code, detail, { facts: { neo4jCode: error.code } });
}

function codeOf({ code }: Neo4jError): PlatformErrorCode | null {
  if (REFUSED.test(code)) return "STORE_REFUSED";
  return UNAVAILABLE.test(code) ? "STORE_UNAVAILABLE" : null;
}
