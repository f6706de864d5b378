import type { EventCodec } from "../../platform/codec/codec.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { Turn } from "../../platform/event-loop/turns.ts";
import type { AppendResult, Log, PartitionRef, Reign } from "../../platform/log/log.ts";
import type { SnapshotMarker, SnapshotStore } from "../../platform/snapshots/snapshot-store.ts";
import type { AggregateDefinition } from "../aggregate.ts";
import type { Fact } from "../facts.ts";
import type { CommandOutcome, CommandRequest } from "../gateway.ts";
import type { Rest, Resting } from "../snapshots/write-snapshot.ts";
import { Batch, type Waiting } from "./batch.ts";
import { digestCommand } from "./command-digest.ts";
import { CommandQueue } from "./command-queue.ts";
import { type DecidingContext, decideInto, EvolveFailure } from "./decide-command.ts";
import { DiskPause } from "./disk-pause.ts";
import {
  diskFull,
  internal,
  notOwner,
  overloaded,
  rejected,
  unavailable,
} from "./owner-answers.ts";
import type { OwnerObserver } from "./owner-observer.ts";
import { PartitionFold } from "./partition-fold.ts";
import { PartitionState } from "./partition-state.ts";
import { Recovery } from "./recovery.ts";
import { hasRivalClaim } from "./rival-claim.ts";
import { storedAnswer } from "./stored-answer.ts";
import { Visits } from "./visits.ts";

/** Claims in a row after appends of unknown outcome; then the log is left alone for a while. */
const CLAIMS_IN_A_ROW = 5;
/** How often a fact is read again when the state it stood in was thrown away. */
const LOOKS_IN_A_ROW = 3;
const CLAIMED_BY_ANOTHER = "another process has claimed the partition";

export interface OwnerParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly partition: PartitionRef;
  readonly aggregate: AggregateDefinition;
  /** Names this process in its claims: host, pid, start time. */
  readonly owner: string;
  readonly clock: () => number;
  readonly observer: OwnerObserver;
  /** Left out: every fold begins where the partition does. */
  readonly snapshots?: SnapshotStore;
  /** Of the partition, as far as it was followed before; its events were told to the observer. */
  readonly fold?: PartitionFold;
}

/**
 * The only writer of one partition. Commands are decided one after another against the fold in
 * memory; those that arrive while an append is under way are the next batch. No answer leaves
 * before the append of its batch is acknowledged.
 */
export class PartitionOwner implements Resting {
  readonly #parts: OwnerParts;
  #state: PartitionState;
  #reign: Reign;
  #end = 0;
  #snapshot: SnapshotMarker | null = null;
  #logId = "";
  readonly #queue = new CommandQueue();
  #working: Promise<void> | null = null;
  /** The batch under way: what it decided stands in the state, and not yet in the log. */
  #settling: Promise<void> | null = null;
  /** The state holds events of which it is not known that they stand in the log. */
  #isAhead = false;
  /** Who wait for the end of the batch under way. */
  readonly #visits = new Visits();
  /** Why it serves nobody any more. */
  #stopped: string | null = null;
  /** Its state goes on in the hands of another. */
  #isHandedOn = false;
  /** While there is trouble, it serves nobody and takes the partition again and again. */
  readonly #recovery: Recovery;
  /** An append or a claim came to an end that is not known. */
  #isReignInDoubt = false;
  readonly #diskPause: DiskPause;
  #claimsInARow = 0;
  /** So many commands are decided alone: together they were refused by the log. */
  #alone = 0;
  #followed: PartitionFold | null;

  private constructor(parts: OwnerParts) {
    this.#parts = parts;
    this.#followed = parts.fold ?? null;
    this.#diskPause = new DiskPause(parts.clock);
    this.#state = new PartitionState(parts.aggregate);
    this.#reign = { ...parts.partition, epoch: -1 };
    this.#recovery = new Recovery({
      attempt: () => this.#takeAgain(),
      onTrouble: (reason) => parts.observer.onTrouble(parts.partition, reason),
    });
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

  get hasYielded(): boolean {
    return this.#stopped === CLAIMED_BY_ANOTHER;
  }

  /** Why commands are not taken; `null` while they are. */
  get obstacle(): string | null {
    return this.#stopped ?? this.#recovery.trouble;
  }

  submit(request: CommandRequest): Promise<CommandOutcome> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.resolve(refusal);
    const digest = digestCommand(request);
    const limit = this.#queue.limitBefore(digest.bytes);
    if (limit !== null) return Promise.resolve(overloaded(this.partition, limit));
    return new Promise((answer) => {
      this.#queue.add({ request, ...digest, answer });
      this.#working ??= this.#work();
    });
  }

  /** What others may know of an aggregate, once all that it rests on is in the log. */
  async look(aggregateId: string): Promise<Fact<never>> {
    const { aggregate, partition } = this.#parts;
    for (let attempt = 0; attempt < LOOKS_IN_A_ROW && this.#refusal() === null; attempt += 1) {
      const state = this.#state;
      const version = state.versionOf(aggregateId);
      const value = aggregate.fact?.(state.stateOf(aggregateId)) ?? null;
      await this.#settling;
      // Folded anew: what was read may never have come into the log.
      if (this.#state !== state) continue;
      const position = this.#end;
      if (!(await this.reigns())) break;
      return { value: value as never, version, partition, position };
    }
    const detail = `nothing can be said of ${aggregate.name} ${aggregateId} now; send it again`;
    throw new PlatformError("NOT_READY", detail);
  }

  /** Nobody has claimed the partition since, as far as the log knows now. */
  async reigns(): Promise<boolean> {
    return this.#stopped === null && (await this.#parts.log.stillReigns(this.#reign));
  }

  /** Between two batches what was decided stands in the log, also when it has stopped. */
  atRest<T>(visit: (rest: Rest) => T): Promise<T | null> {
    return this.#visits.add(this.#settling === null, () => {
      if (this.#isAhead || this.#isHandedOn || this.#recovery.trouble !== null) return null;
      const { epoch: highestClaim } = this.#reign;
      const [state, end, logId] = [this.#state, this.#end, this.#logId];
      return visit({ state, end, highestClaim, logId, snapshot: this.#snapshot });
    });
  }

  /** Serves nobody any more; resolves when the batch under way is settled. */
  async stop(reason = "the process is shutting down"): Promise<void> {
    this.#stop(reason);
    await this.#working;
    await this.#recovery.idle();
  }

  /** Stopped, and the fold that goes on where it ended; `null` where its state is not the log's. */
  async release(reason: string): Promise<PartitionFold | null> {
    await this.stop(reason);
    if (this.hasYielded || this.#isAhead) return null;
    this.#isHandedOn = true;
    const folded = { state: this.#state, end: this.#end, snapshot: this.#snapshot };
    const reached = { ...folded, highestClaim: this.#reign.epoch };
    return new PartitionFold({ ...this.#parts, reached });
  }

  #stop(reason: string): void {
    this.#stopped ??= reason;
    this.#recovery.end();
  }

  #yield(): void {
    this.#stop(CLAIMED_BY_ANOTHER);
    this.#parts.observer.onTrouble(this.partition, CLAIMED_BY_ANOTHER);
  }

  #refusal(): CommandOutcome | null {
    if (this.#stopped !== null) return notOwner(this.#stopped);
    const { trouble } = this.#recovery;
    return trouble === null ? null : unavailable(this.partition, trouble);
  }

  async #work(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        this.#settling = this.#settleOneBatch();
        await this.#settling;
        this.#settling = null;
        this.#visits.run();
      }
    } finally {
      this.#working = null;
    }
  }

  async #settleOneBatch(): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== null) return answer(this.#queue.takeAll(), refusal);
    if (this.#diskPause.lasts) return answer(this.#queue.takeAll(), diskFull());
    const batch = this.#nextBatch();
    let result: AppendResult;
    try {
      this.#isAhead = true;
      await this.#decideInto(batch);
      result = await this.#append(batch);
      if (result.outcome === "misplaced") throw new Error(`the log ends at ${result.end}`);
    } catch (error) {
      this.#queue.putBack(batch.waiting);
      if (error instanceof EvolveFailure) return this.#refoldOrRecover();
      return this.#unknownOutcome(error as Error);
    }
    await this.#finish(batch, result);
  }

  #nextBatch(): Batch {
    if (this.#alone === 0) return new Batch(this.#end);
    this.#alone -= 1;
    return new Batch(this.#end, 1);
  }

  /** Commands of a burst share the first batch; no batch holds up the event loop. */
  async #decideInto(batch: Batch): Promise<void> {
    const turn = await Turn.take();
    const context = this.#context();
    while (!batch.isFull) {
      if (turn.isOver) await turn.next();
      const waiting = this.#queue.takeFirst();
      if (waiting === null) return;
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
    const { log, observer } = this.#parts;
    if (batch.records.length > 0) {
      const [startedMs, events] = [performance.now(), batch.records.length];
      const result = await log.append(this.#reign, batch.firstPosition, batch.records);
      const seconds = (performance.now() - startedMs) / 1000;
      observer.onAppend({ topic: this.partition.topic, events, seconds });
      return result;
    }
    if (!(await log.stillReigns(this.#reign))) return { outcome: "fenced" };
    return { outcome: "appended", firstPosition: this.#end, timestampMs: 0 };
  }

  async #finish(
    batch: Batch,
    result: Exclude<AppendResult, { outcome: "misplaced" }>,
  ): Promise<void> {
    switch (result.outcome) {
      case "appended":
        if (batch.records.length > 0) this.#logWorks();
        return this.#acknowledge(batch, result.timestampMs);
      case "fenced":
        this.#yield();
        return answer(batch.waiting, notOwner(CLAIMED_BY_ANOTHER));
      case "disk_full":
        this.#diskPause.begin();
        await this.#refoldOrRecover();
        return answer(batch.waiting, diskFull());
      case "rejected":
        return this.#rejected(batch, result.reason);
    }
  }

  /** The log never takes these events: alone, each command shows whether it is the one. */
  async #rejected({ waiting }: Batch, reason: string): Promise<void> {
    if (waiting.length > 1) {
      this.#queue.putBack(waiting);
      this.#alone = waiting.length;
    }
    await this.#claimOrRecover();
    if (waiting.length === 1) answer(waiting, rejected(reason));
  }

  /** Only an append shows it: a log may well take claims, and fail each append after them. */
  #logWorks(): void {
    this.#claimsInARow = 0;
    this.#recovery.hasWorked();
  }

  async #acknowledge(batch: Batch, timestampMs: number): Promise<void> {
    this.#end = batch.nextPosition;
    this.#isAhead = false;
    const events = batch.events.map((event) => ({ ...event, recordedAtMs: timestampMs }));
    for (const event of events) this.#state.remember(event);
    this.#parts.observer.onEvents(events);
    for (const { waiting, outcome } of batch.settled) waiting.answer(outcome);
    const { log, codec, aggregate } = this.#parts;
    const parts = { log, codec, aggregate, context: { reign: this.#reign, logId: this.#logId } };
    for (const { waiting, position } of batch.repeats) {
      waiting.answer(await storedAnswer(waiting, position, parts));
    }
  }

  /**
   * Nothing is known of the append: claim anew (from then on the old one can never appear), fold,
   * and decide the batch's commands again; those that are in the log are found by their ids.
   */
  async #unknownOutcome(error: Error): Promise<void> {
    this.#claimsInARow += 1;
    if (this.#claimsInARow > CLAIMS_IN_A_ROW) {
      this.#isReignInDoubt = true;
      const times = this.#claimsInARow;
      return this.#recovery.begin(`the log failed ${times} times in a row: ${error.message}`);
    }
    await this.#claimOrRecover();
  }

  async #claimOrRecover(): Promise<void> {
    this.#isReignInDoubt = true;
    try {
      await this.#takeAgain();
    } catch (notTaken) {
      this.#recovery.begin((notTaken as Error).message);
    }
  }

  /** A state that cannot be folded anew must not decide any more. */
  async #refoldOrRecover(): Promise<void> {
    try {
      await this.#refold();
    } catch (error) {
      this.#recovery.begin(`the partition cannot be folded: ${(error as Error).message}`);
    }
  }

  /** Who has claimed since keeps the partition. A reign that is not in doubt needs no new claim. */
  async #takeAgain(): Promise<void> {
    try {
      if (await hasRivalClaim(this.#parts, this.#reign.epoch)) this.#yield();
      else if (this.#isReignInDoubt) await this.#claim();
      else await this.#refold();
    } catch (cause) {
      const detail = `the partition cannot be taken again: ${(cause as Error).message}`;
      throw new Error(detail, { cause });
    }
  }

  async #claim(): Promise<void> {
    const { log, codec, partition, owner, clock } = this.#parts;
    this.#logId = await log.logId();
    this.#reign = await log.claim(partition, codec.encodeClaim(partition.topic, owner, clock()));
    this.#isReignInDoubt = false;
    await this.#refold();
  }

  async #refold(): Promise<void> {
    const fold = this.#followed ?? new PartitionFold(this.#parts);
    this.#followed = null;
    await fold.catchUp();
    const { state, end, snapshot } = fold.handOn();
    [this.#state, this.#end, this.#snapshot] = [state, end, snapshot];
    this.#isAhead = false;
  }
}

function answer(everybody: readonly Waiting[], outcome: CommandOutcome): void {
  for (const waiting of everybody) waiting.answer(outcome);
}
