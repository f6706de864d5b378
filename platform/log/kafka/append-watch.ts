import { setTimeout as sleep } from "node:timers/promises";
import { type Moved, type PartitionKey, type PartitionRef, partitionKey } from "../log.ts";
import { KafkaCluster, type KafkaSettings } from "./kafka-cluster.ts";
import { byLeader, listEnds } from "./list-ends.ts";
import { fetchCall } from "./protocol-calls.ts";

/** While events come in, listeners are told at most this often. */
const LOOK_EVERY_MILLISECONDS = 20;
/** After so long without an event the brokers are asked to answer when there is one. */
const QUIET_AFTER_MILLISECONDS = 200;
/** How long a broker waits before it answers that there is none; new topics are seen then, too. */
const LONG_POLL_MILLISECONDS = 1_000;
const PAUSE_AFTER_ERROR_MILLISECONDS = 250;
const ANY_BYTES = 1;

type Ends = ReadonlyMap<PartitionKey, number>;

/**
 * Tells listeners that something was appended anywhere. It has connections of its own, for a broker
 * that waits for a first event answers nothing else on the same one. A broker that is away is no
 * error here: who reads learns of it.
 */
export class AppendWatch {
  readonly #settings: KafkaSettings;
  readonly #listeners = new Set<{ readonly call: (moved: Moved) => void }>();
  #watching: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** `seen`: the ends beyond which there is news for the first listener. */
  subscribe(listener: (moved: Moved) => void, seen: Ends): () => void {
    const subscription = { call: listener };
    this.#listeners.add(subscription);
    if (this.#watching === null) {
      const stop = new AbortController();
      this.#watching = { stop, ended: this.#watch(stop.signal, seen) };
    }
    return () => {
      this.#listeners.delete(subscription);
      if (this.#listeners.size === 0) void this.close();
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    const watching = this.#watching;
    this.#watching = null;
    watching?.stop.abort();
    await watching?.ended;
  }

  async #watch(signal: AbortSignal, seen: Ends): Promise<void> {
    let known = seen;
    while (!signal.aborted) {
      const cluster = await KafkaCluster.connect(this.#settings).catch(() => null);
      const close = () => cluster?.close();
      signal.addEventListener("abort", close);
      try {
        while (cluster !== null && !signal.aborted) known = await this.#look(cluster, known);
      } catch {
        // Whoever reads meets the same trouble and tells of it; events wait in the log.
      }
      signal.removeEventListener("abort", close);
      await close();
      if (signal.aborted) return;
      await sleep(PAUSE_AFTER_ERROR_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One look while events come, or one long wait when it has been quiet. */
  async #look(cluster: KafkaCluster, known: Ends): Promise<Ends> {
    await cluster.refresh();
    const partitions = partitionsOf(cluster);
    let ends = await listEnds(cluster, partitions);
    this.#tell(movedBetween(known, ends));
    let quietSinceMs = performance.now();
    while (performance.now() - quietSinceMs < QUIET_AFTER_MILLISECONDS) {
      await sleep(LOOK_EVERY_MILLISECONDS);
      if (this.#listeners.size === 0) return ends;
      const next = await listEnds(cluster, partitions);
      const moved = movedBetween(ends, next);
      ends = next;
      if (moved.size > 0) quietSinceMs = performance.now();
      this.#tell(moved);
    }
    await waitForAny(cluster, ends, partitions);
    return ends;
  }

  #tell(moved: ReadonlySet<PartitionKey>): void {
    if (moved.size === 0) return;
    for (const { call } of [...this.#listeners]) call(moved);
  }
}

function partitionsOf(cluster: KafkaCluster): PartitionRef[] {
  return [...cluster.topicSizes()].flatMap(([topic, count]) => {
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  });
}

function movedBetween(before: Ends, after: Ends): ReadonlySet<PartitionKey> {
  return new Set([...after.keys()].filter((key) => before.get(key) !== after.get(key)));
}

/** Resolves when a broker has something beyond the ends, or has waited long enough. */
async function waitForAny(
  cluster: KafkaCluster,
  ends: Ends,
  partitions: readonly PartitionRef[],
): Promise<void> {
  const waits = [...byLeader(cluster, partitions)].map(([nodeId, led]) => {
    const places = led.map(({ topic, partition }) => ({
      topic: cluster.topicName(topic),
      partition,
      from: ends.get(partitionKey({ topic, partition })) ?? 0,
    }));
    const request = { places, maxBytes: ANY_BYTES, maxRecords: 0, waitMs: LONG_POLL_MILLISECONDS };
    const call = fetchCall(request);
    return cluster.toNode(nodeId, (broker) => broker.connectionPool.send(call), "Fetch");
  });
  await Promise.race(waits);
}
