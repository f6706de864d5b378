import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import type { NewRecord } from "../../platform/log/log.ts";
import type { CommandOutcome, CommandRequest } from "../gateway.ts";

/** Limits of one group commit: one append, one fsync, one record batch. */
const BATCH_COMMANDS = 256;
export const BATCH_EVENTS = 1_000;
const BATCH_BYTES = 512 * 1024;
/** The largest set of events one command may append. */
export const COMMAND_BYTES = 4 * 1024 * 1024;

/** A command in the owner's queue, with the way to answer it. */
export interface Waiting {
  readonly request: CommandRequest;
  readonly hash: string;
  /** The size of its payload as text. */
  readonly bytes: number;
  readonly answer: (outcome: CommandOutcome) => void;
}

/** What a command decided in this batch will be told once the append is acknowledged. */
export interface Settled {
  readonly waiting: Waiting;
  readonly outcome: CommandOutcome;
}

/** The group commit being put together. */
export class Batch {
  readonly settled: Settled[] = [];
  readonly records: NewRecord[] = [];
  /** The same events as they will stand in the log. */
  readonly events: RecordedEvent[] = [];
  /** Commands whose id is known: answered from the log once the append is acknowledged. */
  readonly repeats: { readonly waiting: Waiting; readonly position: number }[] = [];
  readonly firstPosition: number;
  readonly #commandLimit: number;
  #bytes = 0;
  /** Those that append events: only their ids are remembered. */
  #appendingById = new Map<string, Settled>();

  constructor(firstPosition: number, commandLimit = BATCH_COMMANDS) {
    this.firstPosition = firstPosition;
    this.#commandLimit = commandLimit;
  }

  get nextPosition(): number {
    return this.firstPosition + this.records.length;
  }

  get isFull(): boolean {
    return (
      this.settled.length + this.repeats.length >= this.#commandLimit ||
      this.records.length >= BATCH_EVENTS ||
      this.#bytes >= BATCH_BYTES
    );
  }

  add(records: readonly NewRecord[], events: readonly RecordedEvent[]): void {
    this.records.push(...records);
    this.events.push(...events);
    this.#bytes += sizeOf(records);
  }

  settle(waiting: Waiting, outcome: CommandOutcome): void {
    const settled = { waiting, outcome };
    this.settled.push(settled);
    const appends =
      outcome.outcome === "accepted" && outcome.events.length > 0 && !outcome.repeated;
    if (appends) this.#appendingById.set(waiting.request.commandId, settled);
  }

  /** The earlier command of this batch with the same id, if it appends events. */
  earlier(commandId: string): Settled | null {
    return this.#appendingById.get(commandId) ?? null;
  }

  get waiting(): readonly Waiting[] {
    return [...this.settled, ...this.repeats].map((one) => one.waiting);
  }
}

export function sizeOf(records: readonly NewRecord[]): number {
  return records.reduce((sum, record) => sum + record.value.byteLength + record.key.length, 0);
}
