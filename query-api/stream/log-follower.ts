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
  readonly signal: AbortSignal;
}

/**
 * Events of some partitions from given positions on, for ever. It reads only as fast as its
 * consumer takes them, so nothing is buffered and a slow consumer is merely late.
 */
export async function* followLog(
  from: ReadonlyMap<PartitionKey, number>,
  { log, codec, signal }: FollowParts,
): AsyncGenerator<Followed> {
  const positions = new Map(from);
  const bell = new Bell(signal);
  const unsubscribe = log.onAppended(() => bell.ring());
  try {
    while (!signal.aborted) {
      let found = false;
      for (const key of positions.keys()) {
        for await (const followed of readOnce(key, positions, { log, codec, signal })) {
          found = true;
          yield followed;
        }
      }
      if (!found) await bell.heard(RECHECK_MILLISECONDS);
    }
  } finally {
    unsubscribe();
  }
}

async function* readOnce(
  key: PartitionKey,
  positions: Map<PartitionKey, number>,
  { log, codec }: FollowParts,
): AsyncGenerator<Followed> {
  const partition = parsePartitionKey(key);
  const records = await log.read(partition, positions.get(key) as number, READ_LIMITS);
  await codec.prepare(records);
  for (const record of records) {
    positions.set(key, record.position + 1);
    if (isControl(record)) continue;
    const event = decode(record);
    yield { event, positions };
  }

  function decode(record: LogRecord): RecordedEvent {
    return codec.decode(partition.topic, partition.partition, record);
  }
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
