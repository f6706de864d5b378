import { PlatformError } from "../errors/catalogue.ts";
import { avroType } from "./avro-type.ts";
import { canonicalText } from "./canonical-schema.ts";
import { compatibilityProblems } from "./compatibility.ts";
import { IncompatibleSchema, type RegisteredVersion, type SchemaRegistry } from "./registry.ts";
import type { RecordSchema } from "./schema-files.ts";

const ANSWER_WITHIN_MILLISECONDS = 10_000;
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const COMPATIBILITY = "FULL_TRANSITIVE";
const NOT_FOUND = 404;
const CONFLICT = 409;
const UNPROCESSABLE = 422;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
const SHOWN_CHARACTERS = 300;
const REGISTRATIONS_IN_A_ROW = 10;

export interface HttpRegistryOptions {
  /** Where a Confluent-compatible registry answers; it may hold a login. */
  readonly url: string;
  /** Stands before every subject, as before the topics whose schemas they are. */
  readonly subjectPrefix: string;
}

/** A Confluent-compatible schema registry over its REST interface: registers and looks up. */
export class HttpRegistry implements SchemaRegistry {
  readonly #base: string;
  readonly #prefix: string;
  readonly #authorization: string | null;
  /** An id means the same schema for ever. */
  readonly #byId = new Map<number, RecordSchema>();

  constructor({ url, subjectPrefix }: HttpRegistryOptions) {
    const { username, password, origin, pathname } = new URL(url);
    this.#base = `${origin}${pathname.replace(/\/+$/, "")}`;
    this.#prefix = subjectPrefix;
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#authorization = username === "" ? null : `Basic ${Buffer.from(login).toString("base64")}`;
  }

  /** Whoever registers in the same subject at once may be refused; then theirs is known. */
  async register(subject: string, schema: RecordSchema): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#tryToRegister(subject, schema);
      } catch (error) {
        const isRefusal = error instanceof RefusedByRegistry;
        if (!isRefusal || attempt === REGISTRATIONS_IN_A_ROW) throw error;
      }
    }
  }

  /** Compared with all versions here, too: a registry's own words do not name the field. */
  async #tryToRegister(subject: string, schema: RecordSchema): Promise<number> {
    const known = await this.versions(subject);
    const canonical = canonicalText(schema);
    const same = known.find((one) => canonicalText(one.schema) === canonical);
    if (same !== undefined) return same.id;
    avroType(schema);
    const problems = known.flatMap((one) => compatibilityProblems(schema, one.schema));
    if (problems.length > 0) throw new IncompatibleSchema(subject, [...new Set(problems)]);
    const hasLevel = await this.#setLevel(subject);
    const id = await this.#post(subject, schema);
    // Some registries give a level to a subject only once it has a schema.
    if (!hasLevel) await this.#setLevel(subject);
    return id;
  }

  async byId(id: number): Promise<RecordSchema | null> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const found = await this.#ask<{ schema: string }>("GET", `/schemas/ids/${id}`);
    if (found === null) return null;
    const schema = JSON.parse(found.schema) as RecordSchema;
    this.#byId.set(id, schema);
    return schema;
  }

  async idOf(subject: string, schema: RecordSchema): Promise<number | null> {
    const canonical = canonicalText(schema);
    const known = await this.versions(subject);
    return known.find((one) => canonicalText(one.schema) === canonical)?.id ?? null;
  }

  async subjects(): Promise<readonly string[]> {
    const all = (await this.#ask<string[]>("GET", "/subjects")) ?? [];
    const ours = all.filter((subject) => subject.startsWith(this.#prefix));
    return ours.map((subject) => subject.slice(this.#prefix.length)).sort();
  }

  async versions(subject: string): Promise<readonly RegisteredVersion[]> {
    const path = `/subjects/${this.#named(subject)}/versions`;
    const numbers = (await this.#ask<number[]>("GET", path)) ?? [];
    const versions: RegisteredVersion[] = [];
    for (const number of numbers.toSorted((a, b) => a - b)) {
      const found = await this.#ask<Omit<RegisteredVersion, "schema"> & { schema: string }>(
        "GET",
        `${path}/${number}`,
      );
      if (found === null) continue;
      const { version, id, schema } = found;
      // Registered by several at once, a schema may stand there more than once.
      if (versions.some((one) => one.id === id)) continue;
      versions.push({ version, id, schema: JSON.parse(schema) as RecordSchema });
    }
    return versions;
  }

  async close(): Promise<void> {}

  async #post(subject: string, schema: RecordSchema): Promise<number> {
    const path = `/subjects/${this.#named(subject)}/versions`;
    const body = { schemaType: "AVRO", schema: JSON.stringify(schema) };
    const answered = await this.#ask<{ id: number }>("POST", path, body);
    if (answered === null) throw this.#error("LOG_REFUSED", `POST ${path}: not found`);
    return answered.id;
  }

  async #setLevel(subject: string): Promise<boolean> {
    const body = { compatibility: COMPATIBILITY };
    return (await this.#ask("PUT", `/config/${this.#named(subject)}`, body)) !== null;
  }

  #named(subject: string): string {
    return encodeURIComponent(`${this.#prefix}${subject}`);
  }

  /** `null`: there is nothing of that name. */
  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const response = await this.#fetch(method, path, body);
    if (response.status === NOT_FOUND) return null;
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Answer;
    if (response.status === CONFLICT || response.status === UNPROCESSABLE) {
      throw new RefusedByRegistry(path, [text.slice(0, SHOWN_CHARACTERS)]);
    }
    const passes = response.status >= SERVER_ERROR || response.status === TOO_MANY_REQUESTS;
    const code = passes ? "LOG_UNAVAILABLE" : "LOG_REFUSED";
    throw this.#error(code, `${response.status} to ${method} ${path}: ${text}`);
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    const headers: Record<string, string> = { "Content-Type": CONTENT_TYPE, Accept: ACCEPTED };
    if (this.#authorization !== null) headers["Authorization"] = this.#authorization;
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MILLISECONDS);
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    try {
      return await fetch(`${this.#base}${path}`, { method, headers, signal, ...content });
    } catch (error) {
      const { message, cause } = error as Error;
      throw this.#error("LOG_UNAVAILABLE", cause instanceof Error ? cause.message : message);
    }
  }

  #error(code: "LOG_REFUSED" | "LOG_UNAVAILABLE", what: string): PlatformError {
    const detail = `the schema registry at ${this.#base}: ${what.slice(0, SHOWN_CHARACTERS)}`;
    return new PlatformError(code, detail);
  }
}

class RefusedByRegistry extends IncompatibleSchema {}

const ACCEPTED = `${CONTENT_TYPE}, application/json`;
