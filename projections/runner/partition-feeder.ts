import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventReader } from "../../platform/codec/codec.ts";
import type { AppendSignal } from "../../platform/log/append-signal.ts";
import {
  type LogReader,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
} from "../../platform/log/log.ts";
import { BatchSize, isFull } from "./batch-size.ts";
import { inBatchTrace } from "./batch-trace.ts";
import type { Gate } from "./gate.ts";
import type { Pace } from "./pace.ts";
import type { Parking } from "./parking.ts";
import { pause } from "./pause.ts";
import { persist, type Trouble } from "./persist.ts";
import type { Projection } from "./projection.ts";
import {
  type ApplyOutcome,
  type Batch,
  type Checkpoint,
  DataError,
  Fenced,
  type ParkedStream,
  type ReadStore,
} from "./read-store.ts";
import { parkedFrom, Releaser, type Written } from "./releaser.ts";
import { type Outcome, outcomeOf, type Step, stepsOf } from "./steps.ts";

/** What a runner hears from its partitions. */
interface FeederObserver {
  /** A checkpoint has moved; the rows are readable. */
  onApplied(applied: Applied): void;
  onTaken(partition: PartitionKey, checkpoint: Checkpoint): void;
  /** The end of the log as this partition knows it. */
  onEnd(partition: PartitionKey, end: number): void;
  onTrouble(partition: PartitionKey, trouble: Trouble | null): void;
}

export interface Applied {
  readonly partition: PartitionKey;
  readonly next: number;
  readonly events: number;
  readonly voidEvents: number;
  readonly rows: number;
  readonly recordedAtMs: number;
  readonly writeMs: number;
  readonly parked: readonly ParkedStream[];
  /** Streams that are parked no more where they were; see `Batch`. */
  readonly released: readonly string[];
  /** The order to release a stream that came to nothing: it is among `parked` again. */
  readonly orderInVain: number | null;
}

export interface FeederParts {
  readonly projection: Projection;
  readonly store: ReadStore;
  /** Nobody reads it until it has come to the log's end. */
  readonly isBuild?: boolean;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly partition: PartitionRef;
  readonly logId: string;
  readonly appended: AppendSignal;
  readonly observer: FeederObserver;
  readonly gate: Gate;
  readonly parking: Parking;
  /** Of who has a backlog. */
  readonly pace: Pace;
  /** After a batch with which it has come to the log's end it rests at least so long. */
  readonly restMs?: number;
  /** False when `more` parked streams would be too many. */
  mayPark(more: number): boolean;
  readonly signal: AbortSignal;
}

/** How often one with nothing to write looks at the checkpoint of a store that may go back. */
const LOOK_AGAIN_MS = 5_000;
/** A batch that brought it to the end of the log is followed by so much rest of its own time. */
const REST_PER_WRITING = 2;
const LONGEST_REST_MS = 200;

/** So many streams failed that the projection itself must be wrong. */
export class TooManyParked extends Error {
  override readonly name = "TooManyParked";
}

interface Loaded {
  readonly from: number;
  readonly steps: readonly Step[];
  /** The state of the append signal before the log was read. */
  readonly raised: number;
  /** The limits cut the batch short: there is more. */
  readonly full: boolean;
}

/** Feeds one partition into a generation: the loop read, decode, project, compact, sort, apply. */
export class PartitionFeeder {
  readonly #parts: FeederParts;
  readonly #key: PartitionKey;
  readonly #size: BatchSize;
  #epoch = 0;
  #next = 0;
  #highestClaim = -1;
  #recordedAtMs = 0;
  #parked = new Map<string, ParkedStream>();
  readonly #releaser: Releaser;
  #lookedAtMs = 0;
  #hasCaughtUp = false;

  constructor(parts: FeederParts) {
    this.#parts = parts;
    this.#key = partitionKey(parts.partition);
    const { store, isBuild = false } = parts;
    const takesLongBatches = isBuild
      ? store.longBatches !== undefined
      : store.longBatches === "always";
    this.#size = new BatchSize({ takesLongBatches });
    const persist = <T>(doing: string, work: () => Promise<T>) => this.#persist(doing, work);
    this.#releaser = new Releaser({ ...parts, persist });
  }

  /** Runs until the signal aborts; throws `Fenced`, `TooManyParked` or `LOG_MISMATCH`. */
  async run(): Promise<void> {
    const { gate } = this.#parts;
    await this.#take();
    gate.stands(this.#next);
    try {
      await this.#feed();
    } finally {
      gate.stands(null);
    }
  }

  async #feed(): Promise<void> {
    const { store, signal, appended, observer, pace } = this.#parts;
    const load = () => this.#load(this.#next, this.#highestClaim);
    let loaded = await pace.work(load, signal);
    while (!signal.aborted) {
      if (await this.#release()) loaded = await load();
      if (loaded.steps.length > 0) {
        loaded = await this.#writeAtPace(loaded);
        continue;
      }
      this.#hasCaughtUp = true;
      if (store.longBatches !== "always") this.#size.keepShort();
      observer.onEnd(this.#key, loaded.from);
      if (!this.#releaser.isUnderWay) await appended.after(loaded.raised, signal, this.#key);
      await this.#lookAgain();
      loaded = await load();
    }
  }

  /** Who has a backlog waits for its turn; who keeps up does not. */
  #writeAtPace(loaded: Loaded): Promise<Loaded> {
    const { pace, signal } = this.#parts;
    const write = () => this.#writeWhatMay(loaded);
    return loaded.full || !this.#hasCaughtUp ? pace.work(write, signal) : write();
  }

  /** As far as the gate lets it. */
  async #writeWhatMay(loaded: Loaded): Promise<Loaded> {
    const { gate, signal } = this.#parts;
    const limit = await gate.pass(this.#next, signal);
    const next = signal.aborted ? loaded : await this.#writeUpTo(limit, loaded);
    gate.stands(this.#next);
    return next;
  }

  /** Writes the steps before the limit; what is beyond it is loaded again. */
  async #writeUpTo(limit: number, loaded: Loaded): Promise<Loaded> {
    const steps = loaded.steps.filter(({ position }) => position < limit);
    const last = steps.at(-1);
    if (last === undefined) return loaded;
    const isAll = steps.length === loaded.steps.length;
    return this.#writeAndLoad(isAll ? loaded : { ...loaded, steps, full: false }, last);
  }

  /** Where writing waits for a server, the next batch is read and decoded meanwhile. */
  async #writeAndLoad(loaded: Loaded, last: Step): Promise<Loaded> {
    if (!loaded.full) return this.#writeAndRest(loaded);
    const startedMs = performance.now();
    const writing = this.#write(loaded.steps).then((inPlace) => {
      this.#wrote(performance.now() - startedMs, loaded.full);
      return inPlace;
    });
    writing.catch(() => undefined);
    // A store in this process is done by now, and messages to this thread get their turn.
    await nextTurn();
    const loading = this.#load(last.position + 1, last.highestClaim);
    loading.catch(() => undefined);
    return (await writing) ? loading : this.#load(this.#next, this.#highestClaim);
  }

  /** Who keeps up waits for more to come where writing is dear. */
  async #writeAndRest({ steps }: Loaded): Promise<Loaded> {
    const { gate, restMs = 0, signal } = this.#parts;
    const startedMs = performance.now();
    await this.#write(steps);
    const writeMs = performance.now() - startedMs;
    this.#wrote(writeMs, false);
    gate.stands(this.#next);
    const ownMs = Math.min(LONGEST_REST_MS, writeMs * REST_PER_WRITING);
    await pause(Math.max(restMs, ownMs), signal);
    return this.#load(this.#next, this.#highestClaim);
  }

  /** Below full speed batches are short where a long one holds up others: else that helps nobody. */
  #wrote(writeMs: number, isFull: boolean): void {
    const { pace, store } = this.#parts;
    const isSlowed = pace.isSlowed && store.longBatches !== "always";
    this.#size.wrote(writeMs, { isFull, isSlowed });
  }

  async #lookAgain(): Promise<void> {
    const { store, signal } = this.#parts;
    const sinceMs = performance.now() - this.#lookedAtMs;
    const isBusy = signal.aborted || this.#releaser.isUnderWay;
    if (store.mayGoBack !== true || isBusy || sinceMs < LOOK_AGAIN_MS) return;
    this.#lookedAtMs = performance.now();
    await this.#reload();
  }

  async #take(): Promise<void> {
    const { store, logId } = this.#parts;
    const checkpoint = await this.#persist("take", () => store.take(this.#key, logId));
    this.#seek(checkpoint);
    this.#parts.observer.onTaken(this.#key, checkpoint);
  }

  #seek(checkpoint: Checkpoint): void {
    this.#epoch = checkpoint.epoch;
    this.#next = checkpoint.next;
    this.#highestClaim = checkpoint.highestClaim;
    this.#recordedAtMs = checkpoint.recordedAtMs;
    this.#parked = new Map(checkpoint.parked.map((parked) => [parked.stream, parked]));
    this.#releaser.forget();
  }

  async #load(from: number, highestClaim: number): Promise<Loaded> {
    const { log, codec, partition, projection, appended, parking } = this.#parts;
    const { raised } = appended;
    const limits = this.#size.limits;
    const records = await this.#persist("read", async () => {
      const found = await log.read(partition, from, limits);
      await codec.prepare(found);
      return found;
    });
    const parked = parkedFrom(this.#parked);
    const isDiscarded = (position: number) => parking.isDiscarded(this.#key, position);
    const of = { projection, codec, partition, highestClaim, parked, isDiscarded };
    const steps = stepsOf(records, of);
    return { from, steps, raised, full: isFull(records, limits) };
  }

  /**
   * Writes the steps, in halves where they are more than the store writes at once or where it
   * refuses their content; false: seek and load anew.
   */
  async #write(steps: readonly Step[]): Promise<boolean> {
    const { projection, store } = this.#parts;
    const outcome = outcomeOf(projection, steps, parkedFrom(this.#parked));
    const { changesAtOnce = Number.POSITIVE_INFINITY } = store;
    if (outcome.changes.length > changesAtOnce && steps.length > 1) return this.#writeHalves(steps);
    try {
      return await this.#apply(steps, outcome);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return this.#bisect(steps, error);
    }
  }

  async #bisect(steps: readonly Step[], error: DataError): Promise<boolean> {
    if (steps.length > 1) return this.#writeHalves(steps);
    const [step] = steps;
    if (step === undefined || step.fault !== null) throw error;
    return this.#write([{ ...step, changes: [], fault: error.message }]);
  }

  async #writeHalves(steps: readonly Step[]): Promise<boolean> {
    const middle = steps.length >> 1;
    if (!(await this.#write(steps.slice(0, middle)))) return false;
    return this.#write(steps.slice(middle));
  }

  async #apply(steps: readonly Step[], outcome: Outcome): Promise<boolean> {
    const { mayPark } = this.#parts;
    const last = steps.at(-1) as Step;
    if (outcome.parked.length > 0 && !mayPark(outcome.parked.length)) {
      throw new TooManyParked(`${this.#key} at ${last.position}: ${outcome.parked[0]?.reason}`);
    }
    const startedMs = performance.now();
    const applied = await this.#applyTraced(steps, outcome);
    if (applied === "fenced") throw this.#fenced();
    if (applied === "behind") return this.#reload();
    this.#moved(last, outcome, performance.now() - startedMs);
    return true;
  }

  #applyTraced(steps: readonly Step[], outcome: Outcome): Promise<ApplyOutcome> {
    const { store, projection, partition } = this.#parts;
    const last = steps.at(-1) as Step;
    const batch: Batch = {
      partition: this.#key,
      expected: this.#next,
      next: last.position + 1,
      epoch: this.#epoch,
      highestClaim: last.highestClaim,
      recordedAtMs: last.recordedAtMs,
      changes: outcome.changes,
      parked: outcome.parked,
      released: [],
      causes: outcome.causes,
    };
    const traced = { projection: projection.name, partition, steps };
    return inBatchTrace(traced, () => this.#persist("apply", () => store.apply(batch)));
  }

  #moved(last: Step, outcome: Outcome, writeMs: number): void {
    this.#next = last.position + 1;
    this.#highestClaim = last.highestClaim;
    this.#recordedAtMs = last.recordedAtMs;
    for (const parked of outcome.parked) this.#parked.set(parked.stream, parked);
    this.#parts.observer.onApplied({
      partition: this.#key,
      next: this.#next,
      events: outcome.events,
      voidEvents: outcome.voidEvents,
      rows: outcome.changes.length,
      recordedAtMs: last.recordedAtMs,
      writeMs,
      parked: outcome.parked,
      released: [],
      orderInVain: null,
    });
  }

  /** Goes on with a release that is ordered; true: what was loaded is to be loaded anew. */
  async #release(): Promise<boolean> {
    const { gate, signal } = this.#parts;
    if (!(await this.#releaser.isReady(this.#standing))) return false;
    await gate.pass(this.#next, signal);
    if (signal.aborted) return false;
    const written = await this.#releaser.write(this.#standing);
    if (written.outcome === "fenced") throw this.#fenced();
    if (written.outcome === "behind") await this.#reload();
    else this.#wrotePiece(written);
    gate.stands(this.#next);
    return written.outcome === "behind" || written.parked === null;
  }

  get #standing() {
    const [next, epoch, highestClaim] = [this.#next, this.#epoch, this.#highestClaim];
    return { next, epoch, highestClaim, recordedAtMs: this.#recordedAtMs, parked: this.#parked };
  }

  #wrotePiece({ stream, order, parked, isInVain, steps, changes, writeMs }: Written): void {
    if (parked === null) this.#parked.delete(stream);
    else this.#parked.set(stream, parked);
    this.#parts.observer.onApplied({
      partition: this.#key,
      next: this.#next,
      events: steps.length,
      voidEvents: 0,
      rows: changes.length,
      recordedAtMs: this.#recordedAtMs,
      writeMs,
      parked: parked === null ? [] : [parked],
      released: [stream],
      orderInVain: isInVain ? order : null,
    });
  }

  #fenced(): Fenced {
    return new Fenced(`${this.#key} was taken by another projector`);
  }

  /** The checkpoint is elsewhere: an apply whose answer was lost, or somebody who has taken over. */
  async #reload(): Promise<false> {
    const { store } = this.#parts;
    const all = await this.#persist("reload", () => store.checkpoints());
    const checkpoint = all.get(this.#key);
    if (checkpoint === undefined || checkpoint.epoch !== this.#epoch) throw this.#fenced();
    this.#seek(checkpoint);
    // A stream may have been parked by the apply whose answer was lost.
    this.#parts.observer.onTaken(this.#key, checkpoint);
    return false;
  }

  #persist<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { signal, observer } = this.#parts;
    return persist(doing, work, {
      signal,
      onTrouble: (trouble) => observer.onTrouble(this.#key, trouble),
    });
  }
}
