import { type ZodType, z } from "zod";

/** As much of JSON Schema as the document's builder looks into. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

const DEFINITIONS = "#/$defs/";
const COMPONENTS = "#/components/schemas/";

/** Turns zod schemas into JSON Schema, gathering what they share as components. */
export class SchemaCollector {
  readonly #definitions = new Map<string, JsonSchema>();

  /** What a client may send. */
  ofInput(schema: ZodType): JsonSchema {
    return this.#convert(schema, "input");
  }

  /** What a client gets. */
  ofOutput(schema: ZodType): JsonSchema {
    return this.#convert(schema, "output");
  }

  definitions(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#definitions].toSorted());
  }

  /** A definition that two schemas give differently would be wrong for one of them. */
  #convert(schema: ZodType, io: "input" | "output"): JsonSchema {
    const options = { io, unrepresentable: "any", target: "draft-2020-12" } as const;
    const converted = relocate(z.toJSONSchema(schema, options)) as JsonSchema;
    const { $schema: _dialect, $defs = {}, ...own } = converted;
    for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>)) {
      const known = this.#definitions.get(name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) {
        throw new Error(`two schemas of the API are both named ${name}`);
      }
      this.#definitions.set(name, definition);
    }
    return own;
  }
}

function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isReference = key === "$ref" && typeof inner === "string";
      return [key, isReference ? inner.replace(DEFINITIONS, COMPONENTS) : relocate(inner)];
    }),
  );
}
