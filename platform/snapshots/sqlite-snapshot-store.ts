import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  isComplete,
  parseMarker,
  type SnapshotMarker,
  type SnapshotPlace,
  type SnapshotSet,
  type SnapshotStore,
  type StoredSnapshot,
} from "./snapshot-store.ts";

/** Of the tables; a file of another version is thrown away. */
const FILE_VERSION = 1;
const TABLES = `
  CREATE TABLE IF NOT EXISTS sets (
    set_id TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    version TEXT NOT NULL,
    begun_at_ms INTEGER NOT NULL,
    marker TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS records (
    set_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (set_id, number)
  );
  PRAGMA user_version = ${FILE_VERSION};
`;
const BUSY_TIMEOUT_MILLISECONDS = 5_000;
/** Pages of 4 KiB after which the write-ahead log is copied: a few milliseconds' work each time. */
const CHECKPOINT_PAGES = 256;

interface SetRow {
  readonly set_id: string;
  readonly marker: string | null;
}

export function snapshotsFile(folder: string): string {
  return join(folder, "snapshots.db");
}

/** Opens a folder's snapshots; a file that is damaged or of another version is made anew. */
export function openSqliteSnapshots(folder: string): SqliteSnapshotStore {
  const file = snapshotsFile(folder);
  const database = tryToOpen(file);
  if (database !== null) return new SqliteSnapshotStore(database);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
  const anew = tryToOpen(file);
  if (anew === null) throw new Error(`${file} cannot be made`);
  return new SqliteSnapshotStore(anew);
}

/** Null: it is not a file of ours. */
function tryToOpen(file: string): DatabaseSync | null {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MILLISECONDS });
  try {
    // Nothing waits for the disk: what a power loss damages is found, and folded from the log.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (version !== 0 && version !== FILE_VERSION) throw new RangeError(`version ${version}`);
    database.exec(TABLES);
    return database;
  } catch {
    // Disposable, so that it does not matter what is wrong with it.
    database.close();
    return null;
  }
}

/** Snapshots in one file beside the embedded log. Each record is a transaction of its own. */
export class SqliteSnapshotStore implements SnapshotStore {
  readonly #database: DatabaseSync;
  readonly #insertSet: StatementSync;
  readonly #insertRecord: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insertSet = database.prepare(
      "INSERT OR IGNORE INTO sets (set_id, topic, partition, version, begun_at_ms) VALUES (?, ?, ?, ?, ?)",
    );
    this.#insertRecord = database.prepare("INSERT INTO records VALUES (?, ?, ?)");
  }

  async put(set: SnapshotSet, number: number, value: Uint8Array): Promise<void> {
    if (number === 0) this.#begin(set);
    this.#insertRecord.run(set.setId, number, value);
  }

  async seal(set: SnapshotSet, marker: SnapshotMarker): Promise<void> {
    this.#begin(set);
    const sql = "UPDATE sets SET marker = ? WHERE set_id = ?";
    this.#database.prepare(sql).run(JSON.stringify(marker), set.setId);
  }

  async newest(
    { topic, partition, version }: SnapshotPlace,
    isUsable: (marker: SnapshotMarker) => boolean,
  ): Promise<StoredSnapshot | null> {
    const sql = "SELECT set_id, marker FROM sets WHERE topic = ? AND partition = ? AND version = ?";
    const rows = this.#database.prepare(sql).all(topic, partition, version) as unknown as SetRow[];
    let best: { readonly setId: string; readonly marker: SnapshotMarker } | null = null;
    for (const { set_id: setId, marker: text } of rows) {
      const marker = text === null ? null : parseMarker(text);
      if (marker === null || !isComplete(marker, this.#countOf(setId)) || !isUsable(marker)) {
        continue;
      }
      if (best === null || marker.position > best.marker.position) best = { setId, marker };
    }
    if (best === null) return null;
    const { setId, marker } = best;
    return { marker, records: () => this.#recordsOf(setId, marker.records) };
  }

  async sweep(kept: SnapshotSet, othersBeforeMs: number): Promise<void> {
    const { topic, partition, version, setId } = kept;
    const sql = `SELECT set_id FROM sets WHERE topic = ? AND partition = ? AND set_id <> ? AND
      CASE WHEN version = ?
        THEN marker IS NULL OR marker ->> 'position' <=
          (SELECT marker ->> 'position' FROM sets WHERE set_id = ?)
        ELSE begun_at_ms < ? END`;
    const rows = this.#database
      .prepare(sql)
      .all(topic, partition, setId, version, setId, othersBeforeMs) as unknown as SetRow[];
    for (const row of rows) await this.#remove(row.set_id);
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #begin({ setId, topic, partition, version }: SnapshotSet): void {
    this.#insertSet.run(setId, topic, partition, version, Date.now());
  }

  #countOf(setId: string): number {
    const sql = "SELECT count(*) AS records FROM records WHERE set_id = ?";
    return Number(this.#database.prepare(sql).get(setId)?.["records"]);
  }

  async *#recordsOf(setId: string, count: number): AsyncIterable<Uint8Array> {
    const select = this.#database.prepare(
      "SELECT value FROM records WHERE set_id = ? AND number = ?",
    );
    for (let number = 0; number < count; number += 1) {
      const row = select.get(setId, number);
      if (row === undefined) throw new RangeError(`record ${number} of the snapshot is gone`);
      yield row["value"] as Uint8Array;
    }
  }

  /** Unsealed first, so that no part of it is taken for the whole; then a record at a time. */
  async #remove(setId: string): Promise<void> {
    this.#database.prepare("UPDATE sets SET marker = NULL WHERE set_id = ?").run(setId);
    const remove = this.#database.prepare(
      "DELETE FROM records WHERE rowid = (SELECT rowid FROM records WHERE set_id = ? LIMIT 1)",
    );
    while (remove.run(setId).changes > 0) await nextTurn();
    this.#database.prepare("DELETE FROM sets WHERE set_id = ?").run(setId);
  }
}
