import type { EventCodec } from "../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { AppendResult, Log, PartitionRef, Reign } from "../../platform/log/log.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { Fact } from "../facts.ts";
import type { CommandOutcome, CommandRequest } from "../gateway.ts";
import { Batch, type Waiting } from "./batch.ts";
import { commandHash } from "./command-hash.ts";
import { type DecidingContext, decideInto, EvolveFailure } from "./decide-command.ts";
import { foldPartition } from "./fold-partition.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionState } from "./partition-state.ts";
import { storedAnswer } from "./stored-answer.ts";

/** Commands that may wait for one partition; more are told to come back. */
const WAITING_COMMANDS = 10_000;
/** How long a full disk is left alone before the next append tries it again. */
const DISK_FULL_PAUSE_MILLISECONDS = 1_000;
/** Claims in a row after appends of unknown outcome before the owner gives up serving. */
const CLAIMS_IN_A_ROW = 5;
/** How often a fact is read again when the state it stood in was thrown away. */
const LOOKS_IN_A_ROW = 3;

export interface OwnerParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  readonly aggregate: AggregateDefinition;
  /** Names this process in its claims: host, pid, start time. */
  readonly owner: string;
  readonly clock: () => number;
  readonly observer: OwnerObserver;
}

/**
 * The only writer of one partition. Commands are decided one after another against the fold in
 * memory; those that arrive while an append is under way are the next batch. No answer leaves
 * before the append of its batch is acknowledged.
 */
export class PartitionOwner {
  readonly #parts: OwnerParts;
  #state: PartitionState;
  #reign: Reign;
  #end = 0;
  /** The observer knows every event before this position. */
  #observedEnd = 0;
  #logId = "";
  #queue: Waiting[] = [];
  #working: Promise<void> | null = null;
  /** The batch under way: what it decided stands in the state, and not yet in the log. */
  #settling: Promise<void> | null = null;
  #stopped: string | null = null;
  #diskFullUntilMs = 0;
  #claimsInARow = 0;

  private constructor(parts: OwnerParts) {
    this.#parts = parts;
    this.#state = new PartitionState(parts.aggregate);
    this.#reign = { ...parts.partition, epoch: -1 };
  }

  /** Claims the partition, folds it up to the claim, and then serves. */
  static async take(parts: OwnerParts): Promise<PartitionOwner> {
    const owner = new PartitionOwner(parts);
    await owner.#claim();
    return owner;
  }

  get partition(): PartitionRef {
    return this.#parts.partition;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get state(): PartitionState {
    return this.#state;
  }

  submit(request: CommandRequest): Promise<CommandOutcome> {
    if (this.#stopped !== null) return Promise.resolve(notOwner(this.#stopped));
    if (this.#queue.length >= WAITING_COMMANDS) return Promise.resolve(this.#overloaded());
    return new Promise((answer) => {
      this.#queue.push({ request, hash: commandHash(request), answer });
      this.#working ??= this.#work();
    });
  }

  /** What others may know of an aggregate, once all that it rests on is in the log. */
  async look(aggregateId: string): Promise<Fact<never>> {
    const { aggregate, partition } = this.#parts;
    for (let attempt = 0; attempt < LOOKS_IN_A_ROW && this.#stopped === null; attempt += 1) {
      const state = this.#state;
      const version = state.versionOf(aggregateId);
      const value = aggregate.fact?.(state.stateOf(aggregateId)) ?? null;
      await this.#settling;
      // Folded anew: what was read may never have come into the log.
      if (this.#state !== state) continue;
      return { value: value as never, version, partition, position: this.#end };
    }
    const detail = `nothing can be said of ${aggregate.name} ${aggregateId} now; send it again`;
    throw new PlatformError("NOT_READY", detail);
  }

  /** Serves nobody any more; resolves when the batch under way is settled. */
  async stop(reason = "the process is shutting down"): Promise<void> {
    this.#stopped = reason;
    await this.#working;
  }

  async #work(): Promise<void> {
    // The turn of the event loop lets commands of the same burst share the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#queue.length > 0) {
        this.#settling = this.#settleOneBatch();
        await this.#settling;
        this.#settling = null;
      }
    } finally {
      this.#working = null;
    }
  }

  async #settleOneBatch(): Promise<void> {
    if (this.#stopped !== null) return this.#answerEverybody(notOwner(this.#stopped));
    if (this.#pausesForDisk()) return this.#answerEverybody(diskFull());
    const batch = new Batch(this.#end);
    let result: AppendResult;
    try {
      this.#decideInto(batch);
      result = await this.#append(batch);
      if (result.outcome === "misplaced") throw new Error(`the log ends at ${result.end}`);
    } catch (error) {
      this.#queue.unshift(...batch.waiting);
      if (error instanceof EvolveFailure) return this.#refoldOrStop();
      return this.#unknownOutcome(error as Error);
    }
    await this.#finish(batch, result);
  }

  /** A clock set back must not make the pause longer. */
  #pausesForDisk(): boolean {
    const leftMs = this.#diskFullUntilMs - this.#parts.clock();
    return leftMs > 0 && leftMs <= DISK_FULL_PAUSE_MILLISECONDS;
  }

  #decideInto(batch: Batch): void {
    const context = this.#context();
    while (this.#queue.length > 0 && !batch.isFull) {
      const waiting = this.#queue.shift() as Waiting;
      try {
        decideInto(batch, waiting, context);
      } catch (error) {
        // A defect is told to this caller alone; the others of the batch are not harmed by it.
        waiting.answer(internal(error as Error));
        if (error instanceof EvolveFailure) throw error;
      }
    }
  }

  #context(): DecidingContext {
    return {
      state: this.#state,
      codec: this.#parts.codec,
      reign: this.#reign,
      logId: this.#logId,
      nowMs: this.#parts.clock(),
    };
  }

  /** An answer without an append leaves only while the reign still holds. */
  async #append(batch: Batch): Promise<AppendResult> {
    const { log } = this.#parts;
    if (batch.records.length > 0) {
      const started = performance.now();
      const result = await log.append(this.#reign, batch.firstPosition, batch.records);
      this.#measure(batch, (performance.now() - started) / 1000);
      return result;
    }
    const reigns = await log.stillReigns(this.#reign);
    if (!reigns) return { outcome: "fenced" };
    return { outcome: "appended", firstPosition: this.#end, timestampMs: 0 };
  }

  #measure(batch: Batch, seconds: number): void {
    const { topic } = this.#reign;
    this.#parts.observer.onAppend({ topic, events: batch.records.length, seconds });
  }

  async #finish(
    batch: Batch,
    result: Exclude<AppendResult, { outcome: "misplaced" }>,
  ): Promise<void> {
    switch (result.outcome) {
      case "appended":
        this.#claimsInARow = 0;
        return this.#acknowledge(batch, result.timestampMs);
      case "fenced":
        this.#stopped = "another process has claimed the partition";
        return answer(batch.waiting, notOwner(this.#stopped));
      case "disk_full":
        this.#diskFullUntilMs = this.#parts.clock() + DISK_FULL_PAUSE_MILLISECONDS;
        await this.#refoldOrStop();
        return answer(batch.waiting, diskFull());
    }
  }

  async #acknowledge(batch: Batch, timestampMs: number): Promise<void> {
    this.#end = batch.nextPosition;
    const events = batch.events.map((event) => ({ ...event, recordedAtMs: timestampMs }));
    for (const event of events) this.#state.remember(event);
    this.#observe(events);
    for (const { waiting, outcome } of batch.settled) waiting.answer(outcome);
    for (const { waiting, position } of batch.repeats) {
      waiting.answer(await this.#storedAnswer(waiting, position));
    }
  }

  async #storedAnswer(waiting: Waiting, position: number): Promise<CommandOutcome> {
    const { log, codec, aggregate } = this.#parts;
    const context = { reign: this.#reign, logId: this.#logId };
    try {
      return await storedAnswer(waiting, position, { log, codec, aggregate, context });
    } catch (error) {
      const detail = `the stored answer cannot be read: ${(error as Error).message}`;
      return { outcome: "failed", code: "LOG_UNAVAILABLE", detail };
    }
  }

  /**
   * Nothing is known of the append: claim anew (from then on the old one can never appear), fold,
   * and decide the batch's commands again; those that are in the log are found by their ids.
   */
  async #unknownOutcome(error: Error): Promise<void> {
    this.#claimsInARow += 1;
    if (this.#claimsInARow > CLAIMS_IN_A_ROW) {
      this.#stopped = `the log failed ${CLAIMS_IN_A_ROW} times in a row: ${error.message}`;
      return;
    }
    try {
      await this.#claim();
    } catch (claimError) {
      this.#stopped = `the partition cannot be claimed again: ${(claimError as Error).message}`;
    }
  }

  async #claim(): Promise<void> {
    const { log, codec, partition, owner, clock } = this.#parts;
    this.#logId = await log.logId();
    this.#reign = await log.claim(partition, codec.encodeClaim(partition.topic, owner, clock()));
    await this.#refold();
  }

  /** A state that cannot be folded anew must not decide any more. */
  async #refoldOrStop(): Promise<void> {
    try {
      await this.#refold();
    } catch (error) {
      this.#stopped = `the partition cannot be folded: ${(error as Error).message}`;
    }
  }

  async #refold(): Promise<void> {
    const { log, codec, partition, aggregate } = this.#parts;
    const observer = {
      onEvents: (events: readonly RecordedEvent[]) => this.#observe(events),
      onVoidEvent: (topic: string) => this.#parts.observer.onVoidEvent(topic),
    };
    const folded = await foldPartition({ log, codec, partition, aggregate, observer });
    this.#state = folded.state;
    this.#end = folded.end;
  }

  /** Folding again meets events of which the observer was told before. */
  #observe(events: readonly RecordedEvent[]): void {
    const fresh = events.filter(({ position }) => position >= this.#observedEnd);
    const last = fresh.at(-1);
    if (last === undefined) return;
    this.#observedEnd = last.position + 1;
    this.#parts.observer.onEvents(fresh);
  }

  #answerEverybody(outcome: CommandOutcome): void {
    answer(this.#queue.splice(0), outcome);
  }

  #overloaded(): CommandOutcome {
    const { topic, partition } = this.#reign;
    const detail = `${WAITING_COMMANDS} commands wait for ${topic}/${partition}; send again later`;
    return { outcome: "failed", code: "OVERLOADED", detail };
  }
}

function answer(everybody: readonly Waiting[], outcome: CommandOutcome): void {
  for (const waiting of everybody) waiting.answer(outcome);
}

function notOwner(reason: string): CommandOutcome {
  return { outcome: "failed", code: "NOT_OWNER", detail: `commands are not taken here: ${reason}` };
}

function diskFull(): CommandOutcome {
  const detail =
    "the disk of the event log is full; this request wrote nothing. " +
    "Make room and send it again";
  return { outcome: "failed", code: "DISK_FULL", detail };
}

function internal(error: Error): CommandOutcome {
  return { outcome: "failed", code: "INTERNAL", detail: error.message };
}
