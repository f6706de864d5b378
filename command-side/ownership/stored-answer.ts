import type { EventCodec } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { CommandOutcome } from "../gateway.ts";
import { BATCH_EVENTS, COMMAND_BYTES, type Waiting } from "./batch.ts";
import { acceptedOutcome, commandIdReused, type DecidingContext } from "./decide-command.ts";

interface Parts {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly aggregate: AggregateDefinition;
  readonly context: Pick<DecidingContext, "reign" | "logId">;
}

/** The answer of a command already in the log, read back from its events at `position`. */
export async function storedAnswer(
  waiting: Waiting,
  position: number,
  parts: Parts,
): Promise<CommandOutcome> {
  try {
    return await answerIn(waiting, position, parts);
  } catch (error) {
    const detail = `the stored answer cannot be read: ${(error as Error).message}`;
    return { outcome: "failed", code: "LOG_UNAVAILABLE", detail };
  }
}

async function answerIn(waiting: Waiting, position: number, parts: Parts): Promise<CommandOutcome> {
  const events = await eventsOfCommand(position, parts);
  const first = events[0] as RecordedEvent;
  if (first.commandHash !== waiting.hash) return commandIdReused(first.commandId);
  const last = events.at(-1) as RecordedEvent;
  return acceptedOutcome(events, {
    request: waiting.request,
    version: last.sequence,
    position: last.position + 1,
    answer: parts.aggregate.answerOf?.(events.map((one) => one.event)) ?? null,
    context: parts.context,
    repeated: true,
  });
}

/** A command's events stand side by side: one append is atomic. */
async function eventsOfCommand(position: number, parts: Parts): Promise<RecordedEvent[]> {
  const { topic, partition } = parts.context.reign;
  const limits = { maxRecords: BATCH_EVENTS, maxBytes: COMMAND_BYTES };
  const records = await parts.log.read(parts.context.reign, position, limits);
  await parts.codec.prepare(records);
  const decode = (record: (typeof records)[number]) => parts.codec.decode(topic, partition, record);
  const [head] = records;
  if (!head) throw new Error(`${topic}/${partition} has no record at ${position}`);
  return records.slice(0, decode(head).commandEvents).map(decode);
}
