import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { type LoadResult, load } from "./http-load.ts";

const COMMITS = 2_000;
const ROWS = 500_000;

/** Commits a second of one 600-byte row each, forced to the disk: what one writer can do at most. */
export function rawCommitsPerSecond(): number {
  return withDatabase("FULL", (database) => {
    const insert = database.prepare("INSERT INTO t (v) VALUES (?)");
    const value = Buffer.alloc(600, 1);
    const started = performance.now();
    for (let i = 0; i < COMMITS; i += 1) insert.run(value);
    return COMMITS / ((performance.now() - started) / 1000);
  });
}

/** Rows a second of a tick's size in transactions of 5,000: what a read store can take at most. */
export function rawRowsPerSecond(): number {
  return withDatabase("NORMAL", (database) => {
    const insert = database.prepare("INSERT INTO t (v) VALUES (?)");
    const value = Buffer.alloc(60, 1);
    const started = performance.now();
    for (let i = 0; i < ROWS; i += 1) {
      if (i % 5_000 === 0) database.exec(i === 0 ? "BEGIN" : "COMMIT; BEGIN");
      insert.run(value);
    }
    database.exec("COMMIT");
    return ROWS / ((performance.now() - started) / 1000);
  });
}

function withDatabase<T>(synchronous: string, measure: (database: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
  const database = new DatabaseSync(join(folder, "raw.db"));
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
                   CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)`);
    return measure(database);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

/** A bare Node HTTP server that reads the same body and answers at once, in another thread. */
export async function rawHttp(
  size: { count: number; inFlight: number },
  body: string,
): Promise<LoadResult> {
  const worker = new Worker(new URL(import.meta.url));
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  try {
    return await load(`http://127.0.0.1:${port}`, size, () => ({
      method: "POST",
      path: "/",
      body,
    }));
  } finally {
    await worker.terminate();
  }
}

if (!isMainThread) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.setHeader("Content-Type", "application/json");
      response.end('{"id":"p-1","version":1,"events":[]}');
    });
  });
  server.listen(0, "127.0.0.1", () => {
    parentPort?.postMessage((server.address() as AddressInfo).port);
  });
}
