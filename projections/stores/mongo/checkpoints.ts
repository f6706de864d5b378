import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import { foreignLog, NO_CLAIM, parkedAfter } from "../../runner/checkpoint-rows.ts";
import type { Batch, Causes, Checkpoint, ParkedStream } from "../../runner/read-store.ts";
import { type MongoSession, mongoInteger, type StoredDocument } from "./database.ts";
import { isDuplicateKey } from "./errors.ts";

/**
 * The checkpoint of a partition is one document, parked streams and causes included, so that it
 * moves in one step on a server without transactions, too:
 *
 *   { _id: "strategies.events/0", next: 18, epoch: 2, logId: "…", highestClaim: 0,
 *     recordedAtMs: 1723161255342, parked: [{ stream, position, sequence, reason }],
 *     causes: [{ source: "market.events/1", next: 7 }] }
 */
export type Checkpoints = Map<PartitionKey, Checkpoint>;

/** Of those who take a partition at once one succeeds in each round. */
const TAKE_TRIES = 100;

/** Raises the partition's epoch and gives the checkpoint; two takers never get the same epoch. */
export async function takeCheckpoint(
  session: MongoSession,
  collection: string,
  { partition, logId }: { readonly partition: PartitionKey; readonly logId: string },
): Promise<Checkpoint> {
  for (let tries = 1; tries <= TAKE_TRIES; tries += 1) {
    const there = await readCheckpoint(session, collection, partition);
    if (there === null) {
      await makeCheckpoint(session, collection, { partition, logId });
      continue;
    }
    if (there.logId !== logId) {
      throw foreignLog({ partition, checkpointLogId: there.logId, logId });
    }
    const epoch = there.epoch + 1;
    const raise = { $set: { epoch: mongoInteger(epoch) } };
    // What is given must be what stood there as the epoch rose.
    const from = { epoch: mongoInteger(there.epoch), next: mongoInteger(there.next) };
    const isRaised = await session.update(collection, { _id: partition, ...from }, raise);
    if (isRaised) return { ...there, epoch };
  }
  const detail = `${TAKE_TRIES} times somebody else took ${partition} of ${collection} first`;
  throw new PlatformError("STORE_UNAVAILABLE", detail);
}

/** Nobody has taken it yet, so its epoch is 0; harmless when it is there. */
async function makeCheckpoint(
  session: MongoSession,
  collection: string,
  { partition, logId }: { readonly partition: PartitionKey; readonly logId: string },
): Promise<void> {
  const numbers = { next: 0, epoch: 0, highestClaim: NO_CLAIM, recordedAtMs: 0 };
  const stored = Object.entries(numbers).map(([name, value]) => [name, mongoInteger(value)]);
  const begun = { ...Object.fromEntries(stored), logId, parked: [], causes: [] };
  try {
    await session.insert(collection, { _id: partition, ...begun });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

export async function readCheckpoint(
  session: MongoSession,
  collection: string,
  partition: PartitionKey,
): Promise<Checkpoint | null> {
  const [found] = await session.find(collection, { _id: partition });
  return found === undefined ? null : checkpointOf(found);
}

/** Of all partitions. */
export async function readCheckpoints(
  session: MongoSession,
  collection: string,
): Promise<Checkpoints> {
  const all = await session.find(collection, {}, { sort: { _id: 1 } });
  return new Map(all.map((found) => [found._id as PartitionKey, checkpointOf(found)]));
}

/**
 * Moves the checkpoint from where the batch begins to its end, unless somebody has moved it or has
 * taken the partition; gives whether it was moved. `checkpoint` is what stood there before.
 */
export async function moveCheckpoint(
  session: MongoSession,
  collection: string,
  { batch, checkpoint }: { readonly batch: Batch; readonly checkpoint: Checkpoint },
): Promise<boolean> {
  const { partition, expected, epoch, next, highestClaim, recordedAtMs } = batch;
  const from = { next: mongoInteger(expected), epoch: mongoInteger(epoch) };
  const to = {
    next: mongoInteger(next),
    highestClaim: mongoInteger(highestClaim),
    recordedAtMs: mongoInteger(recordedAtMs),
    ...(changesParked(batch) ? { parked: parkedTogether(checkpoint, batch) } : {}),
    ...(batch.causes.size > 0 ? { causes: causesTogether(checkpoint, batch) } : {}),
  };
  return session.update(collection, { _id: partition, ...from }, { $set: to });
}

function changesParked({ parked, released }: Batch): boolean {
  return parked.length > 0 || released.length > 0;
}

function parkedTogether({ parked }: Checkpoint, batch: Batch) {
  return parkedAfter(parked, batch).map(({ stream, position, sequence, reason }) => ({
    stream,
    position: mongoInteger(position),
    sequence: mongoInteger(sequence),
    // A reason is made of whatever went wrong; parking must not fail for it.
    reason: reason.toWellFormed(),
  }));
}

function causesTogether({ causes }: Checkpoint, batch: Batch) {
  const highest = new Map(causes);
  for (const [source, next] of batch.causes) {
    highest.set(source, Math.max(next, highest.get(source) ?? 0));
  }
  return [...highest].map(([source, next]) => ({ source, next: mongoInteger(next) }));
}

function checkpointOf(stored: StoredDocument): Checkpoint {
  const { next, epoch, logId, highestClaim, recordedAtMs, parked, causes } = stored;
  return {
    next,
    epoch,
    logId,
    highestClaim,
    recordedAtMs,
    parked: parked.map(parkedOf),
    causes: causesOf(causes),
  };
}

function parkedOf({ stream, position, sequence, reason }: ParkedStream): ParkedStream {
  return { stream, position, sequence, reason };
}

function causesOf(causes: readonly { source: PartitionKey; next: number }[]): Causes {
  return new Map(causes.map(({ source, next }) => [source, next]));
}
