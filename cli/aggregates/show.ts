import { z } from "zod";
import type { AggregateDefinition } from "../../command-side/aggregate.ts";
import { aggregates } from "../../command-side/registry.ts";
import { isControl, OWNER_KEY } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { partitionOf } from "../../platform/kernel/hash.ts";
import type { LogReader, LogRecord, PartitionRef } from "../../platform/log/log.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { type ReadLog, withReadLog } from "../read-log.ts";
import { defineVerb, integerOption, usageFailure } from "../verb.ts";
import { plainState } from "./plain-state.ts";

const READ_LIMITS = { maxRecords: 2_000, maxBytes: 8 * 1024 * 1024 };

export const aggregatesShow = defineVerb({
  name: "show",
  words: "<aggregate> <id>",
  summary: "An aggregate's state, folded from its events; with --at as it was then",
  optionLines: [["--at <sequence>", "after this event of the aggregate"]],
  options: z.strictObject({ at: integerOption(1, Number.MAX_SAFE_INTEGER).optional() }),
  examples: [
    "cipherhorizon aggregates show portfolio p-1",
    "cipherhorizon aggregates show portfolio p-1 --at 7",
    "cipherhorizon aggregates show instrument binance:BTC-USDT --json",
  ],
  run: async ({ words, options, output, environment }) => {
    const [name = "", id = ""] = words;
    const aggregate = aggregateNamed(name);
    const at = options.at ?? Number.MAX_SAFE_INTEGER;
    const folded = await withReadLog(environment, (parts) => fold(aggregate, { id, at }, parts));
    if (folded.version === 0) throw notFound(name, id, folded.tried);
    const { version, lastEvent, state } = folded;
    const shown = { aggregate: name, id, version, lastEvent, state: plainState(state) };
    if (output.json) output.value(shown);
    else output.line(JSON.stringify(shown, null, 2));
    return exitCodes.ok;
  },
});

function aggregateNamed(name: string): AggregateDefinition {
  const found = aggregates.find((aggregate) => aggregate.name === name);
  if (found) return found;
  const known = aggregates.map((aggregate) => aggregate.name).join(", ");
  throw usageFailure(`there is no aggregate ${name}; there are ${known}`, "aggregates show");
}

interface Folded {
  readonly version: number;
  readonly lastEvent: string;
  readonly state: unknown;
  readonly tried: string;
}

async function fold(
  aggregate: AggregateDefinition,
  { id, at }: { id: string; at: number },
  parts: ReadLog,
): Promise<Folded> {
  const { topic, decider } = aggregate;
  const partitions = (await parts.log.topics()).get(topic) ?? 1;
  const partition = { topic, partition: partitionOf(id, partitions) };
  let [state, version, lastEvent] = [decider.initialState(), 0, ""];
  for await (const recorded of eventsOf(partition, id, parts)) {
    if (recorded.sequence > at) break;
    state = decider.evolve(state, recorded.event);
    version = recorded.sequence;
    lastEvent = `${recorded.event.type} at ${new Date(recorded.recordedAtMs).toISOString()}`;
  }
  const tried = `${topic}/${partition.partition} of the log in ${parts.folder}`;
  return { version, lastEvent, state, tried };
}

/** The events of one stream; those written by an owner after its reign do not count. */
async function* eventsOf(
  partition: PartitionRef,
  id: string,
  { log, codec }: ReadLog,
): AsyncGenerator<RecordedEvent> {
  let highestClaim = -1;
  for await (const record of recordsOf(partition, log)) {
    if (record.key === OWNER_KEY) highestClaim = record.position;
    if (record.key !== id || isControl(record)) continue;
    await codec.prepare([record]);
    const recorded = codec.decode(partition.topic, partition.partition, record);
    if (recorded.epoch >= highestClaim) yield recorded;
  }
}

async function* recordsOf(partition: PartitionRef, log: LogReader): AsyncGenerator<LogRecord> {
  let next = 0;
  for (;;) {
    const records = await log.read(partition, next, READ_LIMITS);
    yield* records;
    const last = records.at(-1);
    if (last === undefined) return;
    next = last.position + 1;
  }
}

function notFound(name: string, id: string, tried: string): Failure {
  return new Failure(exitCodes.notFound, {
    failed: `${name} ${id} was not shown`,
    error: "it has no events",
    tried,
    todo: "check the id; cipherhorizon events list shows those that have events",
  });
}
