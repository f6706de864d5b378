/** What an owner answers with where nothing was decided. */
import { type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import type { CommandOutcome } from "../gateway.ts";

export function notOwner(reason: string): CommandOutcome {
  return { outcome: "failed", code: "NOT_OWNER", detail: `commands are not taken here: ${reason}` };
}

/** The owner claims the partition again by itself; whether the command was written is not known. */
export function unavailable(partition: PartitionRef, reason: string): CommandOutcome {
  const detail = `${partitionKey(partition)} takes no commands for now: ${reason}; send again later`;
  return { outcome: "failed", code: "LOG_UNAVAILABLE", detail };
}

export function overloaded(partition: PartitionRef, waiting: string): CommandOutcome {
  const detail = `${waiting} wait for ${partitionKey(partition)}; send again later`;
  return { outcome: "failed", code: "OVERLOADED", detail };
}

export function diskFull(): CommandOutcome {
  const detail =
    "the disk of the event log is full; this request wrote nothing. " +
    "Make room and send it again";
  return { outcome: "failed", code: "DISK_FULL", detail };
}

export function rejected(reason: string): CommandOutcome {
  const detail = `the event log refuses the command's events: ${reason}`;
  return { outcome: "failed", code: "APPEND_REJECTED", detail };
}

export function internal(error: Error): CommandOutcome {
  return { outcome: "failed", code: "INTERNAL", detail: error.message };
}
