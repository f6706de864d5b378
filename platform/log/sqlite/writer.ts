import type { DatabaseSync } from "node:sqlite";
import { GroupCommit } from "./group-commit.ts";
import { isBusy, isDiskFull } from "./sqlite-errors.ts";
import { openForWriting } from "./tables.ts";
import type { WriteAnswer, WriteRequest, WriterOptions } from "./writer-messages.ts";

interface Connection {
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
}

/**
 * Keeps the writing connection, and replaces it after an error whose outcome is unknown: the next
 * requests are settled on a new one, or fail as well while none can be had.
 */
export class Writer {
  readonly #folder: string;
  #maxPageCount: number | null;
  #connection: Connection | null;

  constructor({ folder, maxPageCount }: WriterOptions) {
    this.#folder = folder;
    this.#maxPageCount = maxPageCount;
    this.#connection = this.#connect();
  }

  settle(requests: readonly WriteRequest[]): WriteAnswer[] {
    try {
      this.#connection ??= this.#reconnect();
      return this.#connection.commits.settle(requests, Date.now());
    } catch (error) {
      if (isDiskFull(error)) return requests.map(() => ({ outcome: "disk_full" }));
      if (!isBusy(error)) this.close();
      const detail = error instanceof Error ? error.message : String(error);
      return requests.map(() => ({ outcome: "failed", detail }));
    }
  }

  limitPages(maxPageCount: number): void {
    this.#maxPageCount = maxPageCount;
    if (this.#connection) limitPages(this.#connection.database, maxPageCount);
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.database.close();
  }

  #connect(): Connection {
    const database = openForWriting(this.#folder);
    if (this.#maxPageCount !== null) limitPages(database, this.#maxPageCount);
    return { database, commits: new GroupCommit(database) };
  }

  /**
   * After a failed fsync the system may hold pages for clean that never reached the disk. Copying
   * the whole write-ahead log into the file writes them again before anything is built on them.
   */
  #reconnect(): Connection {
    const connection = this.#connect();
    const row = connection.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    if (row?.busy === 0) return connection;
    connection.database.close();
    throw new Error("the log cannot be recovered while another process reads or writes it");
  }
}

function limitPages(database: DatabaseSync, maxPageCount: number): void {
  database.exec(`PRAGMA max_page_count = ${maxPageCount}`);
}
