import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { pipeline as whenPiped } from "node:stream/promises";
import { createGunzip, gzipSync } from "node:zlib";
import { z } from "zod";
import type { LogRecord } from "../log.ts";

/** Ticks repeat themselves so much that more effort gains little. */
const GZIP_LEVEL = 3;
/** Longer than the longest value of a log in base64, with its headers. */
const LINE_LIMIT_CHARACTERS = 32 * 1024 * 1024;

/**
 * An event as a line of an export, headers as they were, and the value in base64:
 *
 *   {"position":7,"timestampMs":1723161240000,"key":"p-1","headers":{"ce_id":…},"value":"AAAA…"}
 */
const lineShape = z.strictObject({
  position: z.int().min(0),
  timestampMs: z.int(),
  key: z.string(),
  headers: z.record(z.string(), z.string()),
  value: z.base64(),
});

/** Writes the file of one partition, which must not be there. */
export class PartitionFile {
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #events = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(path: string): Promise<PartitionFile> {
    return new PartitionFile(await open(path, "wx"));
  }

  /** Each piece is a gzip member of its own; together they are one gzip file. */
  async write(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#add(records.map(lineOf).join(""));
    this.#events += records.length;
  }

  /** What the manifest says of it, once it is on the disk. */
  async finish() {
    // No bytes at all would be no gzip file.
    if (this.#bytes === 0) await this.#add("");
    await this.#handle.sync();
    return { events: this.#events, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #add(text: string): Promise<void> {
    const piece = gzipSync(text, { level: GZIP_LEVEL });
    this.#hash.update(piece);
    this.#bytes += piece.length;
    await this.#handle.appendFile(piece);
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await whenPiped(createReadStream(path), hash);
  return hash.digest("hex");
}

export async function* readPartitionFile(path: string): AsyncGenerator<LogRecord> {
  for await (const line of linesOf(path)) yield recordOf(line);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  // An error of the file or of its compression ends the iteration, which throws it.
  const text = pipeline(createReadStream(path), createGunzip(), () => undefined);
  text.setEncoding("utf8");
  let rest = "";
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    if (rest.length > LINE_LIMIT_CHARACTERS) throw new RangeError(`${path}: a line is too long`);
    yield* lines;
  }
  if (rest !== "") throw new RangeError(`${path}: the last line is cut off`);
}

function lineOf({ position, timestampMs, key, headers, value }: LogRecord): string {
  const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  return `${JSON.stringify({ position, timestampMs, key, headers, value: base64 })}\n`;
}

function recordOf(line: string): LogRecord {
  const { value, ...record } = lineShape.parse(JSON.parse(line));
  return { ...record, value: new Uint8Array(Buffer.from(value, "base64")) };
}
