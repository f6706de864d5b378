import { IncompatibleSchema } from "../platform/codec/registry.ts";
import {
  type CatalogueRow,
  type FieldError,
  PlatformError,
  platformErrors,
} from "../platform/errors/catalogue.ts";
import { exitCodes } from "./exit-codes.ts";

/** The four parts of every failure text. */
export interface FailureParts {
  /** What failed, as the user asked for it: `ticks.csv was not imported`. */
  readonly failed: string;
  /** The actual error, in the words of whoever raised it. */
  readonly error: string;
  /** What was tried: address, folder, file, limit. */
  readonly tried: string;
  /** What to do now, if possible a command. */
  readonly todo: string;
}

/** An expected end of a verb: it has an exit code and no stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly parts: FailureParts;
  readonly exitCode: number;
  /** The code of the error catalogue, where the failure has one. */
  readonly code: string | null;

  constructor(exitCode: number, parts: FailureParts, code: string | null = null) {
    super(`${parts.failed}: ${parts.error}`);
    this.parts = parts;
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The user stopped the verb (Ctrl-C); `todo` says how to come back. */
export function interrupted(failed: string, todo: string): Failure {
  const parts = { failed, error: "interrupted", tried: "stopped at your request", todo };
  return new Failure(exitCodes.interrupted, parts);
}

/** Whatever was thrown, as a failure with four parts; `during` says what the verb was doing. */
export function toFailure(thrown: unknown, during: string): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof PlatformError) return fromPlatformError(thrown, during);
  if (thrown instanceof IncompatibleSchema) return fromRegistry(thrown, during);
  if (thrown instanceof Error && "code" in thrown && typeof thrown.code === "string") {
    return fromSystemError(thrown, thrown.code, during);
  }
  const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const todo = "this is a defect of cipherhorizon: please report it with this text";
  return new Failure(exitCodes.internal, {
    failed: `${during} failed`,
    error,
    tried: during,
    todo,
  });
}

/** The failure as text: one line per part, lists of field errors below. */
export function failureText({ parts, code }: Failure): string {
  const error = code === null ? parts.error : `${parts.error} (${code})`;
  return [
    `failed: ${parts.failed}`,
    `  error: ${indented(error)}`,
    `  tried: ${indented(parts.tried)}`,
    `  to do: ${indented(parts.todo)}`,
  ].join("\n");
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n         ");
}

function fromRegistry({ message }: IncompatibleSchema, during: string): Failure {
  return new Failure(exitCodes.config, {
    failed: `${during} failed`,
    error: message,
    tried: during,
    todo: "see: cipherhorizon schemas check; is another platform's registry or prefix meant?",
  });
}

function fromPlatformError(thrown: PlatformError, during: string): Failure {
  const { code, message, errors } = thrown;
  const row = platformErrors[code];
  const parts = {
    failed: `${during} failed`,
    error: withFieldErrors(message, errors),
    tried: during,
    todo: TODO_OF_CODE.get(code) ?? todoOf(row),
  };
  return new Failure(row.exitCode, parts, code);
}

/** A sentence and below it what is wrong with each field, unless the sentence says it already. */
export function withFieldErrors(sentence: string, errors: readonly FieldError[]): string {
  const untold = errors.filter(({ detail }) => !sentence.includes(detail));
  return [sentence, ...untold.map(({ pointer, detail }) => `${pointer}: ${detail}`)].join("\n");
}

/** On this machine there is more to say than to a client of the API. */
const TODO_OF_CODE: ReadonlyMap<string, string> = new Map([
  ["CONFIG_INVALID", "change it as the error says; see: cipherhorizon config show"],
  ["FOLDER_LOCKED", "use that process, stop it, or choose another folder with --data"],
  ["STORE_REFUSED", "correct the login, the database or its rights, then start it again"],
  ["STORE_UNSUITABLE", "use a server as the error says, then start it again"],
  ["LOG_REFUSED", "correct what the error names, then start it again; see: cipherhorizon doctor"],
  ["LOG_UNAVAILABLE", "check the folder (--data, else CH_DATA_FOLDER); see: cipherhorizon doctor"],
]);

function todoOf({ retryable, exitCode }: CatalogueRow): string {
  if (retryable) return "run the same command again in a moment";
  if (exitCode === exitCodes.internal) return "please report this with the lines above";
  return "change the command as the error says; see --help";
}

const NOT_FOUND_CODES = new Set(["ENOENT", "ENOTDIR", "EISDIR"]);

function fromSystemError(thrown: Error, code: string, during: string): Failure {
  const exitCode = NOT_FOUND_CODES.has(code) ? exitCodes.notFound : exitCodes.unavailable;
  const todo = NOT_FOUND_CODES.has(code)
    ? "check the path"
    : "see: cipherhorizon doctor, then run the same command again";
  const parts = { failed: `${during} failed`, error: thrown.message, tried: during, todo };
  return new Failure(exitCode, parts, code);
}
