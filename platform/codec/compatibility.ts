/**
 * Whether two schemas read each other's data: Avro's rules of resolution, both ways, told with the
 * path of the field that stands in the way and with what to do about it.
 */
import {
  type AvroType,
  type EnumSchema,
  fullNameOf,
  isUnion,
  type RecordSchema,
} from "./schema-files.ts";

/** What keeps `newer` and `older` from reading each other; empty when nothing does. */
export function compatibilityProblems(newer: RecordSchema, older: RecordSchema): readonly string[] {
  const path = fullNameOf(newer);
  const problems = [
    ...unreadable(path, {
      reader: newer,
      writer: older,
      readerIs: "newer",
      ...names(newer, older),
    }),
    ...unreadable(path, {
      reader: older,
      writer: newer,
      readerIs: "older",
      ...names(older, newer),
    }),
  ];
  return [...new Set(problems)];
}

type Names = ReadonlyMap<string, AvroType>;

/** One reading of a writer's type by a reader's; the names are those each schema defines. */
interface Reading {
  readonly reader: AvroType;
  readonly writer: AvroType;
  readonly readerIs: "newer" | "older";
  readonly readerNames: Names;
  readonly writerNames: Names;
}

function unreadable(path: string, given: Reading): string[] {
  const reader = named(given.reader, given.readerNames);
  const writer = named(given.writer, given.writerNames);
  const reading = { ...given, reader, writer };
  if (isUnion(writer)) {
    return writer.flatMap((branch) => unreadable(path, { ...reading, writer: branch }));
  }
  if (isUnion(reader)) return unreadableByUnion(path, reader, reading);
  if (typeof reader === "string" || typeof writer === "string") {
    return promotes(writer, reader) ? [] : [changed(path, reading)];
  }
  if (reader.type === "record" && writer.type === "record") {
    return unreadableRecord(path, reader, { ...reading, writer });
  }
  if (reader.type === "array" && writer.type === "array") {
    return unreadable(`${path}[]`, { ...reading, reader: reader.items, writer: writer.items });
  }
  if (reader.type === "map" && writer.type === "map") {
    return unreadable(`${path}{}`, { ...reading, reader: reader.values, writer: writer.values });
  }
  if (reader.type === "enum" && writer.type === "enum") {
    return unreadableEnum(path, reader, { ...reading, writer });
  }
  return label(reader) === label(writer) ? [] : [changed(path, reading)];
}

function unreadableByUnion(
  path: string,
  branches: readonly AvroType[],
  reading: Reading,
): string[] {
  const attempts = branches.map((branch) => unreadable(path, { ...reading, reader: branch }));
  if (attempts.some((problems) => problems.length === 0)) return [];
  const sameKind = branches.findIndex((branch) => {
    return kind(named(branch, reading.readerNames)) === kind(reading.writer);
  });
  return attempts[sameKind] ?? [changed(path, reading)];
}

function unreadableRecord(
  path: string,
  reader: RecordSchema,
  reading: Reading & { readonly writer: RecordSchema },
): string[] {
  const { writer, readerIs } = reading;
  if (label(reader) !== label(writer)) return [changed(path, reading)];
  return reader.fields.flatMap((field) => {
    const written = writer.fields.find((one) => one.name === field.name);
    const fieldPath = `${path}.${field.name}`;
    if (written) {
      return unreadable(fieldPath, { ...reading, reader: field.type, writer: written.type });
    }
    if (field.default !== undefined) return [];
    return [`${fieldPath}: ${readerIs === "newer" ? NEW_FIELD : REMOVED_FIELD}`];
  });
}

const NEW_FIELD =
  "new field without default, so events of older versions cannot be read; give it a default";
const REMOVED_FIELD =
  "removed field that had no default, so older readers cannot do without it; keep it";
const NEW_SYMBOL =
  "new symbol, which older readers do not know; keep the symbols and add a field with a default";
const REMOVED_SYMBOL = "removed symbol, which events of older versions hold; keep it";
const CHANGED_TYPE =
  "which not every version can read; keep the type and add a field with a default";

function unreadableEnum(
  path: string,
  reader: EnumSchema,
  reading: Reading & { readonly writer: EnumSchema },
): string[] {
  const { writer, readerIs } = reading;
  if (reader.name !== writer.name) return [changed(path, reading)];
  const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  const problem = readerIs === "newer" ? REMOVED_SYMBOL : NEW_SYMBOL;
  return unknown.map((symbol) => `${path}, symbol ${symbol}: ${problem}`);
}

function changed(path: string, { reader, writer, readerIs }: Reading): string {
  const [from, to] = readerIs === "newer" ? [writer, reader] : [reader, writer];
  return `${path}: type changed from ${label(from)} to ${label(to)}, ${CHANGED_TYPE}`;
}

/** The types that data written as the key may be read as, besides itself. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

function promotes(writer: AvroType, reader: AvroType): boolean {
  if (typeof writer !== "string" || typeof reader !== "string") return false;
  return writer === reader || (PROMOTIONS[writer]?.includes(reader) ?? false);
}

/** How a type is called in a message; equal for types that are read as each other. */
function label(type: AvroType): string {
  if (typeof type === "string") return type;
  if (isUnion(type)) return `[${type.map(label).join(", ")}]`;
  switch (type.type) {
    case "record":
      return `record ${type.namespace ? `${type.namespace}.` : ""}${type.name}`;
    case "enum":
      return `enum ${type.name}`;
    case "array":
      return `array of ${label(type.items)}`;
    case "map":
      return `map of ${label(type.values)}`;
    case "bytes":
      return `decimal(${type.precision}, ${type.scale})`;
  }
}

function kind(type: AvroType): string {
  if (typeof type === "string") return type;
  return isUnion(type) ? "union" : type.type;
}

function names(reader: RecordSchema, writer: RecordSchema) {
  return { readerNames: namesIn(reader), writerNames: namesIn(writer) };
}

/** The types a schema defines by name, so that a later mention finds them. */
function namesIn(type: AvroType, found = new Map<string, AvroType>()): Names {
  if (typeof type === "string") return found;
  if (isUnion(type)) {
    for (const branch of type) namesIn(branch, found);
    return found;
  }
  if (type.type === "record" || type.type === "enum") found.set(type.name, type);
  if (type.type === "record") for (const field of type.fields) namesIn(field.type, found);
  if (type.type === "array") namesIn(type.items, found);
  if (type.type === "map") namesIn(type.values, found);
  return found;
}

function named(type: AvroType, known: Names): AvroType {
  return typeof type === "string" ? (known.get(type) ?? type) : type;
}
