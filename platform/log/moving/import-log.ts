import { join } from "node:path";
import { type EventCodec, envelopeOf, isControl } from "../../codec/codec.ts";
import { type SchemaRegistry, subjectOf } from "../../codec/registry.ts";
import { schemaIdOf, withSchemaId } from "../../codec/wire.ts";
import { partitionOf } from "../../kernel/hash.ts";
import type { Log, LogRecord, NewRecord } from "../log.ts";
import { assertImported } from "./check-import.ts";
import { EventPlaces } from "./event-places.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { type MovedCommand, mergeCommands } from "./merge.ts";
import { MoveRefused } from "./move-refused.ts";
import { readPartitionFile, sha256Of } from "./partition-file.ts";
import { TargetPartition } from "./target-partition.ts";

/** What is read at once of a log that must hold no events. */
const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export interface ImportLog {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly registry: SchemaRegistry;
  /** Of the export. */
  readonly folder: string;
  /** Names this process in its claims. */
  readonly owner: string;
  /** Told after each command how many events were imported. */
  readonly onProgress?: (imported: number) => void;
}

/**
 * Fills a log without events from an export: schemas registered, each event in the partition that
 * its key belongs to here, causes before effects, and what names another event by its position
 * names its new one. Files are checked before anything is written, and the log afterwards. It is
 * not resumed: a log in which an import was broken off has events, and is refused.
 */
export async function importLog(options: ImportLog): Promise<Manifest> {
  const { folder } = options;
  const manifest = readManifest(folder);
  const places = new EventPlaces();
  try {
    const sizes = await checkTarget(options, manifest);
    await checkFiles(folder, manifest, places);
    const schemas = await registerAll(options.registry, manifest);
    const targets = await claimAll(options, manifest, sizes);
    await writeAll({ ...options, manifest, places, schemas, targets });
  } finally {
    places.close();
  }
  await assertImported(options, manifest);
  return manifest;
}

/** The number of partitions of each topic that is imported. */
async function checkTarget(
  { log }: ImportLog,
  { topics }: Manifest,
): Promise<ReadonlyMap<string, number>> {
  const sizes = await log.topics();
  for (const topic of sizes.keys()) await assertNoEvents(log, topic);
  for (const { topic } of topics) {
    if (sizes.has(topic)) continue;
    throw new MoveRefused(`the log has no topic ${topic}`, "import with the version that exported");
  }
  return sizes;
}

async function assertNoEvents(log: Log, topic: string): Promise<void> {
  for (const [partition, end] of (await log.ends(topic)).entries()) {
    for (let next = 0; next < end; ) {
      const records = await log.read({ topic, partition }, next, READ_LIMITS);
      if (!records.every(isControl)) {
        throw new MoveRefused(
          `the log has events already, in ${topic}/${partition}`,
          "import into a log without events: a new folder, or topics with another prefix",
        );
      }
      next = (records.at(-1)?.position ?? end) + 1;
    }
  }
}

/** Every file is what the manifest says, before the first record is written. */
async function checkFiles(folder: string, manifest: Manifest, places: EventPlaces): Promise<void> {
  for (const { file, sha256, events } of manifest.files) {
    const path = join(folder, file);
    if ((await sha256Of(path)) !== sha256) throw damaged(`${path} has another SHA-256`);
    let count = 0;
    for await (const { headers } of readPartitionFile(path)) {
      count += 1;
      const id = headers["ce_id"] ?? "";
      if (!places.add(id)) throw damaged(`${path} has event ${id} a second time`);
    }
    if (count !== events) throw damaged(`${path} has ${count} events instead of ${events}`);
  }
}

function damaged(detail: string): MoveRefused {
  return new MoveRefused(detail, "export the log again");
}

/** `subject id` of the exported log → the id here. */
async function registerAll(
  registry: SchemaRegistry,
  { subjects }: Manifest,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const { subject, versions } of subjects) {
    for (const { id, schema } of versions) {
      ids.set(`${subject} ${id}`, await registry.register(subject, schema));
    }
  }
  return ids;
}

type Targets = ReadonlyMap<string, readonly TargetPartition[]>;

async function claimAll(
  { log, codec, owner }: ImportLog,
  { topics }: Manifest,
  sizes: ReadonlyMap<string, number>,
): Promise<Targets> {
  const targets = new Map<string, readonly TargetPartition[]>();
  for (const { topic } of topics) {
    const claims = Array.from({ length: sizes.get(topic) ?? 0 }, (_, partition) => {
      const claim = codec.encodeClaim(topic, owner, Date.now());
      return TargetPartition.claim(log, { topic, partition }, claim);
    });
    targets.set(topic, await Promise.all(claims));
  }
  return targets;
}

interface Writing extends ImportLog {
  readonly manifest: Manifest;
  readonly places: EventPlaces;
  readonly schemas: ReadonlyMap<string, number>;
  readonly targets: Targets;
}

async function writeAll(writing: Writing): Promise<void> {
  const { folder, manifest, places, targets, onProgress } = writing;
  const sources = manifest.files.map(({ topic, file }) => {
    return { topic, events: readPartitionFile(join(folder, file)) };
  });
  let imported = 0;
  const isPlaced = (eventId: string) => places.find(eventId) !== "open";
  for await (const command of mergeCommands(sources, isPlaced)) {
    await writeCommand(writing, command);
    imported += command.events.length;
    onProgress?.(imported);
  }
  for (const target of [...targets.values()].flat()) await target.flush();
}

async function writeCommand(writing: Writing, { topic, events }: MovedCommand): Promise<void> {
  const ofTopic = writing.targets.get(topic) ?? [];
  const key = events[0]?.key ?? "";
  const target = ofTopic[partitionOf(key, ofTopic.length)] as TargetPartition;
  await target.add(events.map((event) => rewritten(writing, topic, event, target)));
  const { partition } = target.reign;
  for (const [index, { headers }] of events.entries()) {
    const position = target.next - events.length + index;
    writing.places.put(headers["ce_id"] as string, { topic, partition, position });
  }
}

/** The same event with the numbers that this log has given. */
function rewritten(
  { places, schemas }: Writing,
  topic: string,
  record: LogRecord,
  { reign }: TargetPartition,
): NewRecord {
  const { causationId, causationPosition } = envelopeOf(record);
  const headers: Record<string, string> = { ...record.headers, ce_epoch: String(reign.epoch) };
  if (causationPosition !== null) {
    const cause = causationId === null ? "unknown" : places.find(causationId);
    if (cause === "open") throw damaged(`an event stands before its cause ${causationId}`);
    // Of a cause in a topic that is not moved there remains the id.
    if (cause === "unknown") delete headers["ce_causationposition"];
    else headers["ce_causationposition"] = `${cause.topic}/${cause.partition}/${cause.position}`;
  }
  const subject = subjectOf(topic, record.headers["ce_type"] ?? "");
  const schemaId = schemas.get(`${subject} ${schemaIdOf(record.value)}`);
  if (schemaId === undefined) throw damaged(`the manifest has no schema of ${subject}`);
  return { key: record.key, headers, value: withSchemaId(record.value, schemaId) };
}
