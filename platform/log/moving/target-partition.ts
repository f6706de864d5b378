import { PlatformError } from "../../errors/catalogue.ts";
import { type Log, type NewRecord, type PartitionRef, partitionKey, type Reign } from "../log.ts";
import { MoveRefused } from "./move-refused.ts";

/** What is appended at once; a command that is longer is appended alone. */
const APPEND_RECORDS = 2_000;
const APPEND_BYTES = 1024 * 1024;

/** A partition of the new log, which this process reigns over and fills from its claim on. */
export class TargetPartition {
  readonly #log: Log;
  readonly reign: Reign;
  /** Where the next append goes. */
  #end: number;
  #waiting: NewRecord[] = [];
  #bytes = 0;

  private constructor(log: Log, reign: Reign) {
    this.#log = log;
    this.reign = reign;
    this.#end = reign.epoch + 1;
  }

  static async claim(log: Log, ref: PartitionRef, claim: NewRecord): Promise<TargetPartition> {
    return new TargetPartition(log, await log.claim(ref, claim));
  }

  /** The position of the next record that is added. */
  get next(): number {
    return this.#end + this.#waiting.length;
  }

  /** The events of one command. */
  async add(records: readonly NewRecord[]): Promise<void> {
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    const isFull =
      this.#waiting.length + records.length > APPEND_RECORDS || this.#bytes + bytes > APPEND_BYTES;
    if (isFull) await this.flush();
    this.#waiting.push(...records);
    this.#bytes += bytes;
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const records = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    const result = await this.#log.append(this.reign, this.#end, records);
    switch (result.outcome) {
      case "appended":
        this.#end += records.length;
        return;
      case "disk_full":
        throw new PlatformError("DISK_FULL", `${partitionKey(this.reign)} cannot be written`);
      case "rejected":
        throw new MoveRefused(
          `${partitionKey(this.reign)} does not take an event: ${result.reason}`,
          "raise the limit of the log that is written, remove what was imported, import again",
        );
      case "fenced":
      case "misplaced":
        throw new MoveRefused(
          `another process writes ${partitionKey(this.reign)}`,
          "stop the command sides of the log that is written, remove what is there, import again",
        );
    }
  }
}
