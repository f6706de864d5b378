import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { topics as definitions, type TopicDefinition } from "../../../kafka-topics/topics.ts";
import { type EventCodec, envelopeOf, eventId } from "../../../platform/codec/codec.ts";
import type { CausationPosition } from "../../../platform/codec/envelope.ts";
import type { Event } from "../../../platform/kernel/decider.ts";
import { partitionOf } from "../../../platform/kernel/hash.ts";
import { type Log, partitionKey, type Reign } from "../../../platform/log/log.ts";
import { exportLog } from "../../../platform/log/moving/export-log.ts";
import { importLog } from "../../../platform/log/moving/import-log.ts";
import { type LogPlace, openLogReading, openLogWriting } from "../../../platform/log/places.ts";
import { type LogReport, verifyLog } from "../../../platform/log/verify.ts";
import { type ReadHistory, recordsOf } from "../../history/read-history.ts";

const DATA = {
  "portfolio.events": {
    type: "PortfolioOpened",
    data: { owner: null, name: "one", baseCurrency: "USD", costMethod: "fifo" },
  },
  "social.events": { type: "TraderFollowed", data: { leader: "trader-2" } },
  "operations.events": { type: "GenerationRetired", data: { generation: 1, reason: "a test" } },
} as const;
const TOPICS = Object.keys(DATA) as readonly (keyof typeof DATA)[];

/** A command as the random log has it; `cause` picks one of those before it. */
const plannedCommand = fc.record({
  topic: fc.constantFrom(...TOPICS),
  aggregate: fc.integer({ min: 0, max: 6 }),
  events: fc.integer({ min: 1, max: 3 }),
  cause: fc.option(fc.nat(), { nil: null }),
  /** An owner takes over first, and what the one before it still wrote is void. */
  takesOver: fc.boolean(),
});

export const plannedLog = fc.array(plannedCommand, { minLength: 1, maxLength: 40 });
type PlannedCommand = typeof plannedCommand extends fc.Arbitrary<infer Command> ? Command : never;

/** The topics of `DATA` with so many partitions; in the reverse order schemas get other ids. */
export function topicsOf(partitions: number, order: "as they are" | "reversed") {
  const used = definitions.filter(({ topic }) => topic in DATA);
  const sized = used.map((one) => ({ ...one, partitions }));
  return order === "reversed" ? sized.reverse() : sized;
}

export async function writePlanned(
  place: LogPlace,
  topics: readonly TopicDefinition[],
  plan: readonly PlannedCommand[],
): Promise<void> {
  const { log, codec, close } = await openLogWriting(place, topics);
  const writer = new PlanWriter(log, codec, await log.topics());
  try {
    for (const [index, command] of plan.entries()) await writer.write(command, index);
  } finally {
    await close();
  }
}

interface Written extends CausationPosition {
  readonly id: string;
}

class PlanWriter {
  readonly #written: Written[] = [];
  readonly #reigns = new Map<string, { reign: Reign; end: number }>();
  readonly #sequences = new Map<string, number>();
  readonly #log: Log;
  readonly #codec: EventCodec;
  readonly #sizes: ReadonlyMap<string, number>;

  constructor(log: Log, codec: EventCodec, sizes: ReadonlyMap<string, number>) {
    this.#log = log;
    this.#codec = codec;
    this.#sizes = sizes;
  }

  async write(command: PlannedCommand, index: number): Promise<void> {
    const { topic } = command;
    const key = `aggregate-${command.aggregate}`;
    const partition = partitionOf(key, this.#sizes.get(topic) as number);
    const place = await this.#reignOver(topic, partition, command.takesOver);
    const { epoch } = place.reign;
    if (command.takesOver && epoch > 1) await this.#append(place, command, `void-${index}`, 0);
    const ids = await this.#append(place, command, `command-${index}`, epoch);
    const last = { topic, partition, position: place.end - 1, id: ids.at(-1) as string };
    this.#written.push(last);
    const sequence = this.#sequences.get(`${topic} ${key}`) ?? 0;
    this.#sequences.set(`${topic} ${key}`, sequence + command.events);
  }

  async #reignOver(topic: string, partition: number, anew: boolean) {
    const key = partitionKey({ topic, partition });
    const known = this.#reigns.get(key);
    if (known !== undefined && !anew) return known;
    const claim = this.#codec.encodeClaim(topic, "test", Date.now());
    const reign = await this.#log.claim({ topic, partition }, claim);
    const taken = { reign, end: reign.epoch + 1 };
    this.#reigns.set(key, taken);
    return taken;
  }

  async #append(
    place: { reign: Reign; end: number },
    { topic, aggregate, events, cause }: PlannedCommand,
    commandId: string,
    epoch: number,
  ): Promise<readonly string[]> {
    const aggregateId = `aggregate-${aggregate}`;
    const before = this.#sequences.get(`${topic} ${aggregateId}`) ?? 0;
    const causing = cause === null ? undefined : this.#written[cause % this.#written.length];
    const ids = Array.from({ length: events }, (_, index) => {
      return eventId(topic, aggregateId, commandId, index);
    });
    const records = ids.map((id, index) => {
      const event = { ...DATA[topic], occurredAtMs: 1_700_000_000_000 + before } as Event;
      return this.#codec.encode(topic, event, {
        eventId: id,
        aggregateId,
        sequence: before + 1 + index,
        epoch,
        commandId,
        commandIndex: index,
        commandEvents: events,
        commandHash: "0".repeat(64),
        correlationId: commandId,
        causationId: causing?.id ?? null,
        causationPosition: causing ?? null,
        actor: "test",
        traceparent: null,
      });
    });
    const { outcome } = await this.#log.append(place.reign, place.end, records);
    if (outcome !== "appended") throw new Error(outcome);
    place.end += records.length;
    return ids;
  }
}

export async function exportFrom(place: LogPlace, folder: string) {
  const { log, registry, close } = await openLogReading(place);
  try {
    return await exportLog({ log, registry, folder });
  } finally {
    await close();
  }
}

export async function importInto(
  place: LogPlace,
  topics: readonly TopicDefinition[],
  folder: string,
) {
  const parts = await openLogWriting(place, topics);
  try {
    return await importLog({ ...parts, folder, owner: "test" });
  } finally {
    await parts.close();
  }
}

export interface LogContent {
  readonly report: LogReport;
  /** By topic and aggregate: id, sequence and content of each event. */
  readonly streams: Readonly<Record<string, readonly string[]>>;
  /** Causes whose position does not lead to them, and effects that stand before them. */
  readonly lost: readonly string[];
  /** `topic of the effect < topic of the cause`, which is `?` where only its id is known. */
  readonly causes: readonly string[];
}

/** What of a log must be kept, read by no part of what carries it. */
export async function contentOf(place: LogPlace): Promise<LogContent> {
  const { log, codec, close } = await openLogReading(place);
  try {
    const report = await verifyLog({ log, codec });
    const streams: Record<string, string[]> = {};
    const lost: string[] = [];
    const causes: string[] = [];
    for await (const { name, text, envelope } of validEvents({ log, codec })) {
      streams[name] = [...(streams[name] ?? []), text];
      const { causationId, causationPosition: at } = envelope;
      if (causationId !== null) causes.push(`${name.split(" ")[0]} < ${at?.topic ?? "?"}`);
      if (at === null) continue;
      const [cause] = await log.read(at, at.position, { maxRecords: 1, maxBytes: 1 });
      if (cause?.headers["ce_id"] !== causationId) lost.push(envelope.eventId);
    }
    return { report, streams, lost, causes };
  } finally {
    await close();
  }
}

async function* validEvents({ log, codec }: ReadHistory) {
  for (const topic of (await log.topics()).keys()) {
    const claims = new Map<number, number>();
    for await (const { partition, record } of recordsOf(log, topic)) {
      if (record.key === "~owner") claims.set(partition, record.position);
      if (record.headers["ce_sequence"] === undefined) continue;
      const envelope = envelopeOf(record);
      if (envelope.epoch < (claims.get(partition) ?? -1)) continue;
      await codec.prepare([record]);
      const { event } = codec.decode(topic, partition, record);
      const text = JSON.stringify([envelope.eventId, envelope.sequence, event]);
      yield { name: `${topic} ${record.key}`, text, envelope };
    }
  }
}

/** A folder of a name that nobody has used yet. */
export function freshFolder(root: string, name: string): string {
  const folder = join(root, name);
  rmSync(folder, { recursive: true, force: true });
  return folder;
}
