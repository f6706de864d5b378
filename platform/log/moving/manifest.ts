import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RecordSchema } from "../../codec/schema-files.ts";
import { MoveRefused } from "./move-refused.ts";

/**
 * An export is a folder:
 *
 *   manifest.json                  what follows; written last, so that with it the export is whole
 *   portfolio.events-0.ndjson.gz   the events of one partition in order, one a line
 *
 * Claims, `LogCreated`, void events and the topics of `NOT_MOVED` are not in it.
 */
const FORMAT = "cipherhorizon-log-export";
const VERSION = 1;

/** It tells of the read models' generations, which are made anew from the log they read. */
export const NOT_MOVED: ReadonlySet<string> = new Set(["operations.events"]);

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[\w.-]+$/);

const manifestShape = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  /** Of the log that was exported. */
  logId: z.string(),
  exportedAt: z.string(),
  topics: z.array(
    z.strictObject({ topic: z.string(), partitions: count, events: count, contentDigest: sha256 }),
  ),
  files: z.array(
    z.strictObject({
      topic: z.string(),
      partition: count,
      file: fileName,
      events: count,
      bytes: count,
      sha256,
    }),
  ),
  /** Every version of every subject; values name the schemas by these ids. */
  subjects: z.array(
    z.strictObject({
      subject: z.string(),
      versions: z.array(
        z.strictObject({
          version: count,
          id: count,
          schema: z.custom<RecordSchema>((value) => typeof value === "object" && value !== null),
        }),
      ),
    }),
  ),
});

export type Manifest = Readonly<z.infer<typeof manifestShape>>;

export function manifestFile(folder: string): string {
  return join(folder, "manifest.json");
}

export function manifestText(content: Omit<Manifest, "format" | "version">): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...content }, null, 1)}\n`;
}

export function readManifest(folder: string): Manifest {
  const file = manifestFile(folder);
  const todo = "name the folder of an export that came to its end";
  try {
    return manifestShape.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new MoveRefused(`${file} is not the manifest of an export: ${why}`, todo);
  }
}
