import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newestVersions, readSchemaFiles } from "./schema-files.ts";
import { generateTypes } from "./type-generator.ts";

/** The generated files by path: what `schemas generate` writes and CI compares. */
export function generatedFiles(folder: string): ReadonlyMap<string, string> {
  const newest = newestVersions(readSchemaFiles(folder));
  const contexts = new Set(newest.map((schema) => schema.context));
  const files = [...contexts].map((context): [string, string] => {
    const schemas = newest.filter((schema) => schema.context === context);
    return [join(folder, "generated", `${context}.ts`), generateTypes(context, schemas)];
  });
  return new Map(files);
}

export function writeGeneratedFiles(folder: string): readonly string[] {
  const files = generatedFiles(folder);
  for (const [path, source] of files) writeFileSync(path, source);
  return [...files.keys()];
}
