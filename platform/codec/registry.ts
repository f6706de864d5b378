import type { RecordSchema } from "./schema-files.ts";

/**
 * Schemas by id. A subject is `<topic>-<full name>`; its versions are compatible with each other in
 * both directions (FULL_TRANSITIVE). An id once given means the same schema for ever, in whichever
 * subjects it stands. The contract suite in `test/contracts/registry/registry-contract.ts` tells the rest.
 */
export interface SchemaRegistry {
  /**
   * The id of the schema, registered as the subject's next version when it is new there. Throws an
   * `IncompatibleSchema` that names the field, and then nothing is registered.
   */
  register(subject: string, schema: RecordSchema): Promise<number>;
  /** The schema with this id, or `null` when the registry has none. */
  byId(id: number): Promise<RecordSchema | null>;
  /** The id under which the subject has this schema, or `null` when it is not registered there. */
  idOf(subject: string, schema: RecordSchema): Promise<number | null>;
  /** All subjects, sorted. */
  subjects(): Promise<readonly string[]>;
  /** The subject's schemas, versions rising; empty for an unknown subject. */
  versions(subject: string): Promise<readonly RegisteredVersion[]>;
  close(): Promise<void>;
}

export interface RegisteredVersion {
  readonly version: number;
  readonly id: number;
  readonly schema: RecordSchema;
}

export class IncompatibleSchema extends Error {
  readonly subject: string;
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(`subject ${subject} refuses the schema: ${problems.join("; ")}`);
    this.name = "IncompatibleSchema";
    this.subject = subject;
    this.problems = problems;
  }
}

export function subjectOf(topic: string, fullName: string): string {
  return `${topic}-${fullName}`;
}
