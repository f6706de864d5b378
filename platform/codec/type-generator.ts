/**
 * TypeScript types of the newest version of every event schema, one file per context. The schemas
 * are the source; the generated files are committed, and compared in CI.
 */
import {
  type AvroField,
  type AvroType,
  type EventSchema,
  isUnion,
  type RecordSchema,
} from "./schema-files.ts";

const HEADER = `// Generated from the Avro schemas by \`cipherhorizon schemas generate\`. Do not edit.
`;
const LINE_WIDTH = 100;

/** The generated source of one context; `schemas` holds the newest version of each event. */
export function generateTypes(context: string, schemas: readonly EventSchema[]): string {
  const named = new Map<string, string>();
  for (const { schema } of schemas) declare(schema, named);
  const body = [...named.values()].join("\n");
  const imports = body.includes("Decimal")
    ? `import type { Decimal } from "../../platform/kernel/decimal.ts";\n\n`
    : "";
  return `${HEADER}${imports}${body}\n${eventUnion(context, schemas)}`;
}

function eventUnion(context: string, schemas: readonly EventSchema[]): string {
  const members = schemas.map(({ name }) => {
    return `  | { readonly type: "${name}"; readonly data: ${name}; readonly occurredAtMs: number }`;
  });
  return `/** Every event of the context. */\nexport type ${pascal(context)}Event =\n${members.join("\n")};\n`;
}

/** Declares a record after the types it uses. A type under way stands as an empty text. */
function declare(schema: RecordSchema, named: Map<string, string>): void {
  const before = named.get(schema.name);
  if (before === "") return;
  if (before === undefined) named.set(schema.name, "");
  const fields = schema.fields.map((field) => declareField(field, named));
  const doc = schema.doc ? `/** ${schema.doc} */\n` : "";
  if (before === undefined) named.delete(schema.name);
  keep(schema.name, `${doc}export interface ${schema.name} {\n${fields.join("\n")}\n}\n`, named);
}

/** Events may define a type of the same name each, but then the same type. */
function keep(name: string, source: string, named: Map<string, string>): void {
  if (source !== (named.get(name) ?? source)) throw new RangeError(`two types are named ${name}`);
  named.set(name, source);
}

function declareField(field: AvroField, named: Map<string, string>): string {
  const doc = field.doc ? `  /** ${field.doc} */\n` : "";
  const line = `  readonly ${field.name}: ${typeOf(field.type, named)};`;
  if (line.length > LINE_WIDTH) throw new RangeError(`generated line too long: ${line}`);
  return doc + line;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  int: "number",
  long: "number",
  double: "number",
  boolean: "boolean",
  null: "null",
};

function typeOf(type: AvroType, named: Map<string, string>): string {
  if (typeof type === "string") return PRIMITIVES[type] ?? type;
  if (isUnion(type)) return unionOf(type, named);
  switch (type.type) {
    case "record":
      declare(type, named);
      return type.name;
    case "enum":
      keep(type.name, enumOf(type.name, type.symbols), named);
      return type.name;
    case "array":
      return `readonly ${arrayItem(typeOf(type.items, named))}[]`;
    case "map":
      return `Readonly<Record<string, ${typeOf(type.values, named)}>>`;
    case "bytes":
      return "Decimal";
  }
}

function unionOf(types: readonly AvroType[], named: Map<string, string>): string {
  const names = types.map((type) => typeOf(type, named));
  return [...names.filter((name) => name !== "null"), "null"].join(" | ");
}

function enumOf(name: string, symbols: readonly string[]): string {
  return `export type ${name} = ${symbols.map((symbol) => `"${symbol}"`).join(" | ")};\n`;
}

function arrayItem(item: string): string {
  return item.includes("|") ? `(${item})` : item;
}

function pascal(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
