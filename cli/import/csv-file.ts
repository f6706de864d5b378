import { createReadStream, type ReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { parse } from "csv-parse";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

const MAX_ROW_BYTES = 65_536;
const GZIP_MAGIC = 0x1f8b;

export interface CsvRow {
  /** In the file, the header being line 1. */
  readonly line: number;
  /** The values of the columns in the order they were asked for, "" where an optional one is not in
   *  the file; `null` where the row is shorter than the header. */
  readonly fields: readonly string[] | null;
  readonly problem: string | null;
}

/** A CSV file being read, plain or gzipped (told apart by its content, not its name). */
export interface CsvFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** How much of the file, as it lies on the disk, was read so far. */
  bytesRead(): number;
  rows(): AsyncGenerator<CsvRow>;
}

/** Which columns a file is read for; others are ignored. */
export interface CsvColumns {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** Opens `path`; reading it fails if the header lacks a required column. */
export async function openCsv(path: string, columns: CsvColumns): Promise<CsvFile> {
  const status = await stat(path);
  if (!status.isFile()) throw notAFile(path);
  const { size } = status;
  const gzipped = await isGzip(path);
  const source = createReadStream(path, { autoClose: true });
  return {
    path,
    sizeBytes: size,
    bytesRead: () => source.bytesRead,
    rows: () => readRows({ path, source, gzipped, columns }),
  };
}

interface Reading {
  readonly path: string;
  readonly source: ReadStream;
  readonly gzipped: boolean;
  readonly columns: CsvColumns;
}

async function* readRows(reading: Reading): AsyncGenerator<CsvRow> {
  const { path, columns } = reading;
  let layout: Layout | null = null;
  try {
    for await (const { record, info } of parsedRecords(reading)) {
      if (layout === null) layout = layoutOf(path, columns, record);
      else yield toRow(info.lines, layout, record);
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  } finally {
    reading.source.destroy();
  }
  if (layout === null) throw missingColumns(path, columns.required, []);
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parsedRecords({ source, gzipped }: Reading): AsyncIterable<ParsedRecord> {
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: MAX_ROW_BYTES,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
  });
  const fail = (error: Error) => parser.destroy(error);
  source.on("error", fail);
  if (!gzipped) return source.pipe(parser);
  return source.pipe(createGunzip()).on("error", fail).pipe(parser);
}

/** Where the required columns stand in a row, and how many fields a whole row has. */
interface Layout {
  readonly indexes: readonly number[];
  readonly width: number;
}

function layoutOf(path: string, columns: CsvColumns, header: readonly string[]): Layout {
  const { required, optional } = columns;
  if (required.some((column) => !header.includes(column))) {
    throw missingColumns(path, required, header);
  }
  const indexes = [...required, ...optional].map((column) => header.indexOf(column));
  return { indexes, width: header.length };
}

function toRow(line: number, { indexes, width }: Layout, record: readonly string[]): CsvRow {
  if (record.length < width) {
    const problem = `has ${record.length} fields where the header has ${width}`;
    return { line, fields: null, problem };
  }
  return { line, fields: indexes.map((index) => record[index] ?? ""), problem: null };
}

function missingColumns(path: string, columns: readonly string[], header: readonly string[]) {
  const missing = columns.filter((column) => !header.includes(column)).join(", ");
  return new Failure(exitCodes.usage, {
    failed: `${path} was not read`,
    error: header.length === 0 ? "the file is empty" : `the header lacks ${missing}`,
    tried:
      header.length === 0 ? "its first line" : `its first line: ${printable(header.join(","))}`,
    todo: `give the file a first line with the columns ${columns.join(",")}`,
  });
}

const LINE_SHOWN = 120;

/** Some of a text that may be anything, control characters and all. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, LINE_SHOWN)).slice(1, -1);
}

/** A pipe is not read either: the file is opened twice. */
function notAFile(path: string): Failure {
  return new Failure(exitCodes.usage, {
    failed: `${path} was not read`,
    error: "it is a folder or a pipe, not a file",
    tried: "its kind, before reading",
    todo: "name the files themselves: folder/*.csv.gz",
  });
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure(exitCodes.partial, {
    failed: `${path} was read only in part`,
    error: error instanceof Error ? error.message : String(error),
    tried: "reading it as CSV, row by row; the rows before stay imported",
    todo: "repair or fetch the file again and import it again: what is there is not doubled",
  });
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === GZIP_MAGIC;
  } finally {
    await file.close();
  }
}
