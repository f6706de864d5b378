import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The part of Avro's schema language that event schemas use. */
export type AvroType = string | readonly AvroType[] | RecordSchema | EnumSchema | ComplexSchema;

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
  readonly default?: unknown;
}

export interface RecordSchema {
  readonly type: "record";
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface EnumSchema {
  readonly type: "enum";
  readonly name: string;
  readonly symbols: readonly string[];
}

type ComplexSchema =
  | { readonly type: "array"; readonly items: AvroType }
  | { readonly type: "map"; readonly values: AvroType }
  | {
      readonly type: "bytes";
      readonly logicalType: "decimal";
      readonly precision: number;
      readonly scale: number;
    };

export function isUnion(type: AvroType): type is readonly AvroType[] {
  return Array.isArray(type);
}

export function fullNameOf(schema: RecordSchema): string {
  return `${schema.namespace}.${schema.name}`;
}

/** One released version of one event's schema: `schemas/<context>/<Event>/v<version>.avsc`. */
export interface EventSchema {
  readonly context: string;
  readonly name: string;
  readonly fullName: string;
  readonly version: number;
  readonly schema: RecordSchema;
}

/** Every released schema below `folder`, versions rising; generated and upcast folders left out. */
export function readSchemaFiles(folder: string): readonly EventSchema[] {
  const found: EventSchema[] = [];
  for (const context of foldersIn(folder)) {
    for (const name of foldersIn(join(folder, context))) {
      found.push(...versionsOf(folder, context, name));
    }
  }
  return found;
}

/** The newest version of each event of `schemas`. */
export function newestVersions(schemas: readonly EventSchema[]): readonly EventSchema[] {
  return schemas.filter((one) => {
    return !schemas.some((two) => two.fullName === one.fullName && two.version > one.version);
  });
}

function versionsOf(folder: string, context: string, name: string): EventSchema[] {
  const files = readdirSync(join(folder, context, name)).filter((file) => file.endsWith(".avsc"));
  const versions = files.map((file) => {
    const version = Number(/^v(\d+)\.avsc$/.exec(file)?.[1]);
    const path = join(folder, context, name, file);
    if (!Number.isInteger(version)) throw new Error(`${path}: the file's name must be v<n>.avsc`);
    const schema = JSON.parse(readFileSync(path, "utf8")) as RecordSchema;
    if (schema.name !== name) throw new Error(`${path}: the record must be named ${name}`);
    return { context, name, fullName: fullNameOf(schema), version, schema };
  });
  return versions.sort((one, two) => one.version - two.version);
}

function foldersIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
  return names.filter((name) => name !== "generated" && name !== "upcast").sort();
}
