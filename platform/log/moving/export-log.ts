import { mkdirSync, readdirSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { envelopeOf } from "../../codec/codec.ts";
import type { CausationPosition } from "../../codec/envelope.ts";
import { type SchemaRegistry, subjectOf } from "../../codec/registry.ts";
import { schemaIdOf } from "../../codec/wire.ts";
import { ContentDigest } from "../content-digest.ts";
import { type LogReader, type LogRecord, type PartitionKey, partitionKey } from "../log.ts";
import { type Manifest, manifestFile, manifestText, NOT_MOVED, readManifest } from "./manifest.ts";
import { MoveRefused } from "./move-refused.ts";
import { PartitionEvents } from "./partition-events.ts";
import { PartitionFile } from "./partition-file.ts";

export interface ExportLog {
  readonly log: LogReader;
  readonly registry: SchemaRegistry;
  /** New or empty. */
  readonly folder: string;
  /** Told after each piece how many records were read, and of how many. */
  readonly onProgress?: (read: number, total: number) => void;
}

/**
 * Writes the events of a log and the schemas they need into a folder, beside whoever writes the
 * log. It holds what stood there when it began, and of what came later the causes of that, so that
 * no event is without its cause.
 */
export async function exportLog(options: ExportLog): Promise<Manifest> {
  const { log, registry, folder } = options;
  assertEmpty(folder);
  const logId = await log.logId();
  const exportedAt = new Date().toISOString();
  const topics = [...(await log.topics())].filter(([topic]) => !NOT_MOVED.has(topic));
  const parts = await openParts(options, topics);
  try {
    await exportAll(parts, options);
    const subjects = await allSubjects(registry, parts);
    assertSchemas(parts, subjects);
    const counts = topics.map(([topic, partitions]) => ({ topic, partitions }));
    await writeManifest(folder, {
      logId,
      exportedAt,
      topics: counts.map((one) => ({ ...one, ...summaryOf(parts, one.topic) })),
      files: await Promise.all(parts.map(describeFile)),
      subjects,
    });
  } finally {
    await Promise.all(parts.map(({ file }) => file.close()));
  }
  return readManifest(folder);
}

/** One partition under way. */
interface Part {
  readonly events: PartitionEvents;
  readonly file: PartitionFile;
  readonly fileName: string;
  readonly digest: ContentDigest;
  /** `subject id`, of its events. */
  readonly schemas: Set<string>;
  /** What is exported ends here; it grows where an event elsewhere was caused beyond it. */
  end: number;
  count: number;
}

function assertEmpty(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length === 0) return;
  throw new MoveRefused(`${folder} is not empty`, "name a new folder for the export");
}

async function openParts(
  { log, folder }: ExportLog,
  topics: readonly (readonly [string, number])[],
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const [topic] of topics) {
    for (const [partition, end] of (await log.ends(topic)).entries()) {
      const fileName = `${topic}-${partition}.ndjson.gz`;
      parts.push({
        events: new PartitionEvents(log, { topic, partition }),
        file: await PartitionFile.create(join(folder, fileName)),
        fileName,
        digest: new ContentDigest(),
        schemas: new Set(),
        end,
        count: 0,
      });
    }
  }
  return parts;
}

/** Again as long as an end has grown; causes are older than effects, so that this has an end. */
async function exportAll(parts: readonly Part[], { onProgress }: ExportLog): Promise<void> {
  const byKey = new Map(parts.map((part) => [partitionKey(part.events.partition), part]));
  while (parts.some(({ events, end }) => events.next < end)) {
    for (const part of parts) {
      for await (const records of part.events.upTo(part.end)) {
        await part.file.write(records);
        for (const record of records) take(part, record, byKey);
        const read = parts.reduce((sum, { events }) => sum + events.next, 0);
        onProgress?.(read, Math.max(read, sumOfEnds(parts)));
      }
      // A partition that was cut short is found by verifying the log, not by waiting for it.
      part.end = Math.min(part.end, part.events.next);
    }
  }
}

function take(part: Part, record: LogRecord, byKey: ReadonlyMap<PartitionKey, Part>): void {
  const { topic } = part.events.partition;
  const { causationPosition } = envelopeOf(record);
  part.count += 1;
  part.digest.add(record);
  const subject = subjectOf(topic, record.headers["ce_type"] ?? "");
  part.schemas.add(`${subject} ${schemaIdOf(record.value)}`);
  if (causationPosition !== null) reachTo(causationPosition, byKey);
}

function reachTo(cause: CausationPosition, byKey: ReadonlyMap<PartitionKey, Part>): void {
  const part = byKey.get(partitionKey(cause));
  if (part !== undefined) part.end = Math.max(part.end, cause.position + 1);
}

function sumOfEnds(parts: readonly Part[]): number {
  return parts.reduce((sum, { end }) => sum + end, 0);
}

/** Those of the events are asked for by name: a registry of many subjects may not list them all. */
async function allSubjects(
  registry: SchemaRegistry,
  parts: readonly Part[],
): Promise<Manifest["subjects"]> {
  const used = parts.flatMap(({ schemas }) => [...schemas].map(subjectPart));
  const names = new Set([...used, ...(await registry.subjects())]);
  const subjects: Manifest["subjects"] = [];
  for (const subject of [...names].sort()) {
    subjects.push({ subject, versions: [...(await registry.versions(subject))] });
  }
  return subjects;
}

function subjectPart(schema: string): string {
  return schema.slice(0, schema.lastIndexOf(" "));
}

/** Whoever imports finds an event's schema by its subject and its id there. */
function assertSchemas(parts: readonly Part[], subjects: Manifest["subjects"]): void {
  const known = new Set(
    subjects.flatMap(({ subject, versions }) => versions.map(({ id }) => `${subject} ${id}`)),
  );
  for (const used of parts.flatMap(({ schemas }) => [...schemas])) {
    if (known.has(used)) continue;
    throw new MoveRefused(
      `the registry has no schema "${used}" (subject and id), which events name`,
      "see what is wrong with the log: cipherhorizon log verify",
    );
  }
}

function summaryOf(parts: readonly Part[], topic: string) {
  const digest = new ContentDigest();
  let events = 0;
  for (const part of parts) {
    if (part.events.partition.topic !== topic) continue;
    digest.include(part.digest);
    events += part.count;
  }
  return { events, contentDigest: digest.text() };
}

async function describeFile({ events, file, fileName }: Part): Promise<Manifest["files"][number]> {
  return { ...events.partition, file: fileName, ...(await file.finish()) };
}

async function writeManifest(
  folder: string,
  content: Parameters<typeof manifestText>[0],
): Promise<void> {
  const part = `${manifestFile(folder)}.part`;
  const handle = await open(part, "wx");
  try {
    await handle.writeFile(manifestText(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, manifestFile(folder));
}
