import { setImmediate as nextTurn } from "node:timers/promises";
import { type EventCodec, isControl } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import {
  type LogReader,
  type LogRecord,
  type PartitionKey,
  parsePartitionKey,
} from "../../platform/log/log.ts";

/** Records read at a time: small, for many followers read side by side. */
const READ_LIMITS = { maxRecords: 200, maxBytes: 1024 * 1024 };
/** A wake-up may be lost between processes; this bounds what that costs. */
const RECHECK_MILLISECONDS = 1_000;

export interface Followed {
  readonly event: RecordedEvent;
  /** Where a follower that has seen this event goes on. */
  readonly positions: ReadonlyMap<PartitionKey, number>;
}

export interface FollowParts {
  readonly log: LogReader;
  readonly codec: Pick<EventCodec, "prepare" | "decode">;
  /** False for records that are passed over, undecoded. */
  readonly concerns: (record: LogRecord) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Events of some partitions from given positions on, for ever. It reads only as fast as its
 * consumer takes them, so nothing is buffered and a slow consumer is merely late.
 */
export async function* followLog(
  from: ReadonlyMap<PartitionKey, number>,
  parts: FollowParts,
): AsyncGenerator<Followed> {
  const { log, signal } = parts;
  const positions = new Map(from);
  const bell = new Bell(signal);
  const unsubscribe = log.onAppended((moved) => {
    if (moved === null || [...positions.keys()].some((key) => moved.has(key))) bell.ring();
  });
  try {
    while (!signal.aborted) {
      let found = false;
      for (const key of positions.keys()) {
        const records = await log.read(parsePartitionKey(key), at(positions, key), READ_LIMITS);
        found ||= records.length > 0;
        yield* eventsOf(records, key, { ...parts, positions });
      }
      // An embedded log answers without waiting: a long way to the end must not stop everybody.
      if (found) await nextTurn();
      else await bell.heard(RECHECK_MILLISECONDS);
    }
  } finally {
    unsubscribe();
  }
}

async function* eventsOf(
  records: readonly LogRecord[],
  key: PartitionKey,
  parts: FollowParts & { readonly positions: Map<PartitionKey, number> },
): AsyncGenerator<Followed> {
  const { codec, concerns, positions, signal } = parts;
  const { topic, partition } = parsePartitionKey(key);
  await codec.prepare(records);
  for (const record of records) {
    if (signal.aborted) return;
    positions.set(key, record.position + 1);
    if (isControl(record) || !concerns(record)) continue;
    yield { event: codec.decode(topic, partition, record), positions };
  }
}

function at(positions: ReadonlyMap<PartitionKey, number>, key: PartitionKey): number {
  return positions.get(key) ?? 0;
}

/** Remembers a ring that came while nobody listened. */
class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.ring(), { once: true });
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async heard(timeoutMilliseconds: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMilliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = null;
  }
}
