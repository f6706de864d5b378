import type { EventReader } from "../../platform/codec/codec.ts";
import { AppendSignal } from "../../platform/log/append-signal.ts";
import {
  type LogReader,
  type PartitionKey,
  type PartitionRef,
  partitionKey,
} from "../../platform/log/log.ts";
import { Gates } from "./gate.ts";
import { Pace } from "./pace.ts";
import { Parking } from "./parking.ts";
import {
  type Applied,
  type FeederParts,
  PartitionFeeder,
  TooManyParked,
} from "./partition-feeder.ts";
import { pause } from "./pause.ts";
import { type Persistence, persist, type Trouble } from "./persist.ts";
import { Progress } from "./progress.ts";
import type { Projection } from "./projection.ts";
import { Fenced, type ReadStore } from "./read-store.ts";
import type { Share } from "./share.ts";

/** Beyond it the projection stops: a bug must not park the world. */
export const PARKED_STREAMS_LIMIT = 100;
const PROGRESS_INTERVAL_MS = 250;
/** How often the store is asked how far other processes are in their share. */
const OTHERS_INTERVAL_MS = 1_000;

export interface RunnerParts {
  readonly projection: Projection;
  readonly store: ReadStore;
  readonly log: LogReader;
  readonly codec: EventReader;
  /** `null`: every partition is this process's, and nobody else's. */
  readonly share?: Share | null;
  readonly observer?: RunnerObserver;
  /** By which a partition can be held. */
  readonly gates?: Gates;
  /** What was decided about parked streams, and is while it runs. */
  readonly parking?: Parking;
  /** By which it can be slowed. */
  readonly pace?: Pace;
  /** Nobody reads the generation yet: the indexes of queries may wait until it has caught up. */
  readonly isBuild?: boolean;
  readonly parkedStreamsLimit?: number;
  /** After a batch with which a partition has come to the log's end it rests at least so long. */
  readonly restMs?: number;
  readonly signal: AbortSignal;
}

/** What happens while a generation is fed. */
export interface RunnerObserver {
  /** How many partitions are fed here now. */
  onFed?(partitions: number): void;
  /** A checkpoint has moved, and its rows are readable. */
  onApplied?(applied: Applied): void;
  /** Four times a second, when the end is first reached, and when feeding is over. */
  onProgress?(progress: Progress): void;
  /** Once: every partition has been at the end of the log, and queries have their indexes. */
  onCaughtUp?(progress: Progress): void;
  /** A systemic error is being waited out; `null` when that is over. */
  onTrouble?(partition: PartitionKey | null, trouble: Trouble | null): void;
}

/**
 * `stopped`: the signal was aborted. `fenced`: another projector feeds this generation, which
 * nobody shares.
 * `too_many_parked`: the projection is at fault. `failed`: an error that no retry can cure.
 */
export interface RunEnd {
  readonly reason: "stopped" | "fenced" | "too_many_parked" | "failed";
  readonly detail: string;
}

/**
 * Feeds one generation of a read model from the log, all partitions of its topics, or this
 * process's share of them, side by side, until it is stopped. A crash at any point loses and
 * doubles nothing, for the checkpoint moves with the rows; nor do two processes that for a moment
 * both think a partition theirs.
 */
export async function run(parts: RunnerParts): Promise<RunEnd> {
  const stop = new AbortController();
  const signal = AbortSignal.any([parts.signal, stop.signal]);
  const appended = new AppendSignal();
  const { gates = new Gates(), parking = new Parking(), pace = new Pace() } = parts;
  const unsubscribe = parts.log.onAppended((moved) => appended.raise(moved));
  const unsubscribeOrders = parking.onOrders(() => appended.raise());
  try {
    const { logId, partitions } = await prepare(parts, signal);
    const reporter = new Reporter(parts, partitions);
    const { mayPark } = reporter;
    const shared = {
      ...parts,
      observer: reporter,
      parking,
      pace,
      mayPark,
      logId,
      appended,
      signal,
    };
    const share = parts.share ?? null;
    const feed = (partition: PartitionRef) => {
      const gate = gates.of(partitionKey(partition));
      return keepFeeding({ ...shared, partition, gate }, share);
    };
    const working = [
      ...partitions.map(feed),
      ...(share === null ? [] : [join(share, reporter, signal), reporter.watchOthers(signal)]),
      reporter.watchEnds(signal),
    ];
    const orStop = (error: unknown) => {
      stop.abort();
      throw error;
    };
    const ends = await Promise.allSettled(working.map((work) => work.catch(orStop)));
    // What was parked since the last time is told, too: it may be why this is the end.
    reporter.tell();
    return endOf(ends, parts.signal);
  } catch (error) {
    return endOf([{ status: "rejected", reason: error }], parts.signal);
  } finally {
    stop.abort();
    unsubscribe();
    unsubscribeOrders();
  }
}

/** Feeds a partition while it is this process's; takes it anew when it comes back. */
async function keepFeeding(
  parts: FeederParts & { readonly observer: Reporter },
  share: Share | null,
): Promise<void> {
  const { observer, signal } = parts;
  const key = partitionKey(parts.partition);
  if (share === null) {
    observer.onFed(key, true);
    return new PartitionFeeder(parts).run();
  }
  for (;;) {
    const held = await share.held(key, signal);
    if (held === null) return;
    observer.onFed(key, true);
    try {
      await new PartitionFeeder({ ...parts, signal: held }).run();
    } catch (error) {
      const isOver = held.aborted && isAbort(error);
      if (!isOver && !(error instanceof Fenced)) throw error;
    }
    observer.onFed(key, false);
    if (held.aborted) continue;
    await share.confirmed(signal);
    // Nobody may have taken it: a store that has lost a generation is made anew.
    await persist("create", () => createStore(parts), {
      signal,
      onTrouble: (trouble) => observer.onTrouble(key, trouble),
    });
  }
}

async function join(share: Share, observer: Reporter, signal: AbortSignal): Promise<void> {
  const onTrouble = (trouble: Trouble | null) => observer.onTrouble(null, trouble);
  await persist("join who feeds it", () => share.join(), { signal, onTrouble });
  observer.onJoined();
}

function createStore({
  store,
  isBuild = false,
}: Pick<RunnerParts, "store" | "isBuild">): Promise<void> {
  return store.create({ indexesLater: isBuild });
}

async function prepare(
  parts: RunnerParts,
  signal: AbortSignal,
): Promise<{ readonly logId: string; readonly partitions: readonly PartitionRef[] }> {
  const { log, projection, observer } = parts;
  const persistence: Persistence = {
    signal,
    onTrouble: (trouble) => observer?.onTrouble?.(null, trouble),
  };
  await persist("create", () => createStore(parts), persistence);
  const logId = await persist("read the log's id", () => log.logId(), persistence);
  const partitions = await persist(
    "find the partitions",
    () => partitionsOf(log, projection.topics),
    persistence,
  );
  return { logId, partitions };
}

async function partitionsOf(log: LogReader, topics: readonly string[]): Promise<PartitionRef[]> {
  const counts = await log.topics();
  return topics.flatMap((topic) => {
    const count = counts.get(topic);
    if (count === undefined) throw new Error(`the log has no topic ${topic} yet`);
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  });
}

/** Keeps the progress from what the feeders tell, and tells the observer. */
class Reporter {
  readonly #parts: RunnerParts;
  readonly #progress: Progress;
  #saidCaughtUp = false;
  #hasIndexes: boolean;
  readonly #allAtEnd = Promise.withResolvers<void>();

  constructor(parts: RunnerParts, partitions: readonly PartitionRef[]) {
    this.#parts = parts;
    this.#hasIndexes = parts.isBuild !== true || parts.store.makeIndexes === undefined;
    this.#progress = new Progress(partitions.map(partitionKey));
  }

  readonly mayPark = (more: number): boolean => {
    const { parkedStreamsLimit = PARKED_STREAMS_LIMIT } = this.#parts;
    return this.#progress.parkedStreams + more <= parkedStreamsLimit;
  };

  onFed(partition: PartitionKey, isFedHere: boolean): void {
    this.#progress.fedHere(partition, isFedHere);
    this.onJoined();
  }

  /** Nothing may have come to this process's share. */
  onJoined(): void {
    this.#parts.observer?.onFed?.(this.#progress.partitions.filter((one) => one.isFedHere).length);
  }

  onTaken(partition: PartitionKey, checkpoint: Parameters<Progress["taken"]>[1]): void {
    this.#progress.taken(partition, checkpoint, { isHere: true });
  }

  onApplied(applied: Applied): void {
    this.#progress.applied(applied);
    this.#parts.observer?.onApplied?.(applied);
  }

  onEnd(partition: PartitionKey, end: number): void {
    this.#progress.reachedEnd(partition, end);
    if (this.#progress.caughtUp) this.#allAtEnd.resolve();
    this.#tellCaughtUp();
  }

  onTrouble(partition: PartitionKey | null, trouble: Trouble | null): void {
    this.#parts.observer?.onTrouble?.(partition, trouble);
  }

  /** Looks at the log's ends now and then, for the gap, and to see who keeps up with it. */
  async watchEnds(signal: AbortSignal): Promise<void> {
    const { log, projection } = this.#parts;
    while (!signal.aborted) {
      for (const topic of projection.topics) {
        const ends = await log.ends(topic).catch(() => []);
        ends.forEach((end, partition) => {
          this.#progress.sawEnd(partitionKey({ topic, partition }), end);
        });
      }
      await this.#makeIndexes(signal);
      this.#tellCaughtUp();
      this.tell();
      const interval = pause(PROGRESS_INTERVAL_MS, signal);
      await (this.#saidCaughtUp ? interval : Promise.race([interval, this.#allAtEnd.promise]));
    }
  }

  /** Asks the store, where every process keeps its checkpoints, about what is not fed here. */
  async watchOthers(signal: AbortSignal): Promise<void> {
    const { store, observer } = this.#parts;
    const onTrouble = (trouble: Trouble | null) => observer?.onTrouble?.(null, trouble);
    while (!signal.aborted) {
      const isAllHere = this.#progress.partitions.every(({ isFedHere }) => isFedHere);
      if (!isAllHere) {
        const ask = () => store.checkpoints();
        const checkpoints = await persist("read checkpoints", ask, { signal, onTrouble });
        for (const [partition, one] of checkpoints) this.#progress.fedElsewhere(partition, one);
      }
      await pause(OTHERS_INTERVAL_MS, signal);
    }
  }

  tell(): void {
    this.#parts.observer?.onProgress?.(this.#progress);
  }

  async #makeIndexes(signal: AbortSignal): Promise<void> {
    if (this.#hasIndexes || !this.#progress.caughtUp) return;
    const onTrouble = (trouble: Trouble | null) => this.onTrouble(null, trouble);
    const make = async () => this.#parts.store.makeIndexes?.();
    await persist("make the indexes", make, { signal, onTrouble });
    this.#hasIndexes = true;
  }

  #tellCaughtUp(): void {
    if (this.#saidCaughtUp || !this.#progress.caughtUp || !this.#hasIndexes) return;
    this.#saidCaughtUp = true;
    this.tell();
    this.#parts.observer?.onCaughtUp?.(this.#progress);
  }
}

/** The first error that is not the echo of stopping. */
function endOf(ends: readonly PromiseSettledResult<unknown>[], outer: AbortSignal): RunEnd {
  const errors = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  const error = errors.find((one) => !isAbort(one));
  if (error === undefined || outer.aborted) return { reason: "stopped", detail: "" };
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof Fenced) return { reason: "fenced", detail };
  if (error instanceof TooManyParked) return { reason: "too_many_parked", detail };
  return { reason: "failed", detail };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
