import { envelopeOf } from "../../codec/codec.ts";
import type { LogRecord } from "../log.ts";
import { MoveRefused } from "./move-refused.ts";

/** The events of one command, which stand together in every log. */
export interface MovedCommand {
  readonly topic: string;
  readonly events: readonly LogRecord[];
  readonly timestampMs: number;
  /** The event that caused it, where the export names its place. */
  readonly causeId: string | null;
}

/** The events of one partition of the exported log, in order. */
export interface MovedPartition {
  readonly topic: string;
  readonly events: AsyncIterator<LogRecord>;
}

interface Source {
  readonly partition: MovedPartition;
  head: MovedCommand | null;
}

/**
 * The commands of all partitions as one sequence: each partition's own order is kept, the older
 * record comes first, and no command before the event that caused it, however the clocks stood.
 */
export async function* mergeCommands(
  partitions: readonly MovedPartition[],
  isPlaced: (eventId: string) => boolean,
): AsyncGenerator<MovedCommand> {
  const sources: Source[] = [];
  for (const partition of partitions) {
    sources.push({ partition, head: await nextCommand(partition) });
  }
  for (;;) {
    const source = oldestReady(sources, isPlaced);
    if (source?.head == null) break;
    yield source.head;
    source.head = await nextCommand(source.partition);
  }
  const stuck = sources.find(({ head }) => head !== null)?.head;
  if (stuck == null) return;
  const detail = `${stuck.events[0]?.headers["ce_id"]} in ${stuck.topic} waits for its own effects`;
  throw new MoveRefused(`causes go round in a circle: ${detail}`, "verify the exported log");
}

function oldestReady(
  sources: readonly Source[],
  isPlaced: (eventId: string) => boolean,
): Source | null {
  let oldest: Source | null = null;
  for (const source of sources) {
    const { head } = source;
    if (head === null) continue;
    if (oldest?.head != null && head.timestampMs >= oldest.head.timestampMs) continue;
    if (head.causeId === null || isPlaced(head.causeId)) oldest = source;
  }
  return oldest;
}

async function nextCommand({ topic, events }: MovedPartition): Promise<MovedCommand | null> {
  const first = await nextEvent(events);
  if (first === null) return null;
  const { commandEvents, causationId, causationPosition } = envelopeOf(first);
  const all = [first];
  while (all.length < commandEvents) {
    const event = await nextEvent(events);
    if (event === null) break;
    all.push(event);
  }
  assertOneCommand(topic, all, commandEvents);
  const causeId = causationPosition === null ? null : causationId;
  return { topic, events: all, timestampMs: first.timestampMs, causeId };
}

async function nextEvent(events: AsyncIterator<LogRecord>): Promise<LogRecord | null> {
  const { done, value } = await events.next();
  return done === true ? null : value;
}

function assertOneCommand(topic: string, events: readonly LogRecord[], wanted: number): void {
  const [first, ...others] = events.map(envelopeOf);
  const isOne =
    first?.commandIndex === 0 &&
    events.length === wanted &&
    others.every(({ commandId, aggregateId, commandIndex }, index) => {
      const isNext = commandIndex === index + 1;
      return isNext && commandId === first.commandId && aggregateId === first.aggregateId;
    });
  if (isOne) return;
  const todo = "see what is wrong with the exported log: cipherhorizon log verify";
  throw new MoveRefused(`command ${first?.commandId} in ${topic} is not whole`, todo);
}
