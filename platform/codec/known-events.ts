import type avsc from "avsc";
import { avroType } from "./avro-type.ts";
import { canonicalText } from "./canonical-schema.ts";
import { type EventSchema, newestVersions, readSchemaFiles } from "./schema-files.ts";

/** An event this code knows, with the type of its newest version. */
export interface KnownEvent {
  readonly name: string;
  readonly fullName: string;
  readonly newest: EventSchema;
  readonly type: avsc.Type;
  /** Every version in the folder by its canonical text. */
  readonly versions: ReadonlyMap<string, number>;
}

/** The events of a schema folder: every version of each, and the newest as this code's own. */
export class KnownEvents {
  readonly schemas: readonly EventSchema[];
  readonly #byFullName: ReadonlyMap<string, KnownEvent>;

  constructor(schemaFolder: string) {
    this.schemas = readSchemaFiles(schemaFolder);
    const known = newestVersions(this.schemas).map((newest): [string, KnownEvent] => {
      return [newest.fullName, this.#knownEvent(newest)];
    });
    this.#byFullName = new Map(known);
  }

  byFullName(fullName: string): KnownEvent | undefined {
    return this.#byFullName.get(fullName);
  }

  /** The events of one context, and the platform's own, which every topic has. */
  ofContext(context: string): readonly KnownEvent[] {
    return [...this.#byFullName.values()].filter(({ newest }) => {
      return newest.context === context || newest.context === PLATFORM_CONTEXT;
    });
  }

  /** Every released version of one event, rising. */
  versionsOf(fullName: string): readonly EventSchema[] {
    return this.schemas.filter((schema) => schema.fullName === fullName);
  }

  #knownEvent(newest: EventSchema): KnownEvent {
    const { name, fullName, schema } = newest;
    const versions = new Map(
      this.versionsOf(fullName).map((one) => [canonicalText(one.schema), one.version]),
    );
    return { name, fullName, newest, type: avroType(schema), versions };
  }
}

const PLATFORM_CONTEXT = "platform";
