import type { PartitionKey } from "../../../platform/log/log.ts";
import { foreignLog } from "../../runner/checkpoint-rows.ts";
import type { Checkpoint, ParkedStream } from "../../runner/read-store.ts";
import type { RedisConnection } from "./connection.ts";
import type { RedisLayout } from "./layout.ts";
import { TAKE } from "./scripts.ts";

/** What the scripts give of a checkpoint: three hashes, each field before its value. */
export type CheckpointReply = readonly [readonly string[], readonly string[], readonly string[]];

/** Raises the partition's epoch; the script is atomic, so two takers never get the same one. */
export async function takePartition(
  connection: RedisConnection,
  parts: {
    readonly layout: RedisLayout;
    readonly partition: PartitionKey;
    readonly logId: string;
  },
): Promise<Checkpoint> {
  const { layout, partition, logId } = parts;
  const taken = await connection.script(TAKE, layout.keys(partition), [logId]);
  const checkpoint = checkpointOf(taken as CheckpointReply);
  if (checkpoint.logId === logId) return checkpoint;
  throw foreignLog({ partition, checkpointLogId: checkpoint.logId, logId });
}

export function checkpointOf([fields, parked, causes]: CheckpointReply): Checkpoint {
  const values = new Map(pairs(fields));
  const integer = (field: string) => safeInteger(values.get(field));
  return {
    next: integer("next"),
    epoch: integer("epoch"),
    logId: values.get("logId") ?? "",
    highestClaim: integer("highestClaim"),
    recordedAtMs: integer("recordedAtMs"),
    parked: pairs(parked).map(([stream, text]) => parkedOf(stream, text)),
    causes: new Map(pairs(causes).map(([key, next]) => [key as PartitionKey, safeInteger(next)])),
  };
}

/** `[position, sequence, reason]` */
export function parkedText({ position, sequence, reason }: ParkedStream): string {
  return JSON.stringify([position, sequence, reason.toWellFormed()]);
}

function parkedOf(stream: string, text: string): ParkedStream {
  const [position, sequence, reason] = JSON.parse(text) as [number, number, string];
  return { stream, position, sequence, reason };
}

function pairs(flat: readonly string[]): [string, string][] {
  const sorted = Array.from({ length: flat.length / 2 }, (_, i): [string, string] => {
    return [flat[2 * i] as string, flat[2 * i + 1] as string];
  });
  return sorted.sort(([a], [b]) => (a < b ? -1 : 1));
}

function safeInteger(text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && Number.isSafeInteger(value)) return value;
  throw new RangeError(`Redis gave ${text} where a position or an epoch stands`);
}
