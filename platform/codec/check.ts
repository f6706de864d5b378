import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { avroType } from "./avro-type.ts";
import { compatibilityProblems } from "./compatibility.ts";
import { generatedFiles } from "./generate.ts";
import { type EventSchema, readSchemaFiles } from "./schema-files.ts";

/** One thing that is wrong with the schemas, and where. */
export interface SchemaFinding {
  /** A file, or an event's folder. */
  readonly where: string;
  readonly message: string;
}

/**
 * Everything wrong with the schemas below `folder`: names, versions with holes, versions that do
 * not read each other, generated files out of date. Empty when all is well.
 */
export function checkSchemas(folder: string): readonly SchemaFinding[] {
  const schemas = attempt(folder, () => readSchemaFiles(folder));
  if (!schemas.result) return schemas.findings;
  const broken = schemas.result.flatMap(findingsOfFile);
  if (broken.length > 0) return broken;
  return [...findingsOfEvents(schemas.result), ...findingsOfGeneratedFiles(folder)];
}

const EVENT_NAME = /^[A-Z][A-Za-z0-9]*$/;
const FIELD_NAME = /^[a-z][A-Za-z0-9]*$/;

function findingsOfFile(event: EventSchema): readonly SchemaFinding[] {
  const { context, name, version, schema } = event;
  const where = `${context}/${name}/v${version}.avsc`;
  const namespace = `cipherhorizon.${context.replaceAll("-", "_")}`;
  const messages: string[] = [];
  if (schema.namespace !== namespace) messages.push(`the namespace must be ${namespace}`);
  if (!EVENT_NAME.test(name)) messages.push("the event's name must be in PascalCase");
  for (const field of schema.fields) {
    if (!FIELD_NAME.test(field.name)) messages.push(`${field.name} must be in camelCase`);
  }
  const findings = messages.map((message) => ({ where, message }));
  return [...findings, ...attempt(where, () => avroType(schema)).findings];
}

function findingsOfEvents(schemas: readonly EventSchema[]): readonly SchemaFinding[] {
  const byEvent = Map.groupBy(schemas, ({ context, name }) => `${context}/${name}`);
  return [...byEvent].flatMap(([where, versions]) => [
    ...findingsOfNumbers(where, versions),
    ...versions.flatMap((newer, index) => {
      return versions.slice(0, index).flatMap((older) => findingsOfPair(where, newer, older));
    }),
  ]);
}

function findingsOfNumbers(where: string, versions: readonly EventSchema[]): SchemaFinding[] {
  const hole = versions.findIndex(({ version }, index) => version !== index + 1);
  return hole < 0 ? [] : [{ where, message: `version ${hole + 1} is missing` }];
}

function findingsOfPair(where: string, newer: EventSchema, older: EventSchema): SchemaFinding[] {
  const pair = `versions ${older.version} and ${newer.version}`;
  return compatibilityProblems(newer.schema, older.schema).map((problem) => {
    return { where, message: `${pair}: ${problem}` };
  });
}

function findingsOfGeneratedFiles(folder: string): readonly SchemaFinding[] {
  const expected = attempt(folder, () => generatedFiles(folder));
  if (!expected.result) return expected.findings;
  const stale = [...expected.result]
    .filter(([path, source]) => !existsSync(path) || readFileSync(path, "utf8") !== source)
    .map(([path]) => ({ where: path, message: 'out of date; run "schemas generate"' }));
  const generated = join(folder, "generated");
  const orphans = (existsSync(generated) ? readdirSync(generated) : [])
    .map((name) => join(generated, name))
    .filter((path) => !expected.result?.has(path))
    .map((path) => ({ where: path, message: "no context has this file; delete it" }));
  return [...stale, ...orphans];
}

interface Attempt<Result> {
  readonly result?: Result;
  readonly findings: readonly SchemaFinding[];
}

/** What `run` gives, or the error it throws as a finding. */
function attempt<Result>(where: string, run: () => Result): Attempt<Result> {
  try {
    return { result: run(), findings: [] };
  } catch (error) {
    return {
      findings: [{ where, message: error instanceof Error ? error.message : String(error) }],
    };
  }
}
