import type { IncomingMessage } from "node:http";
import type { Response } from "express";
import { PlatformError } from "../errors/catalogue.ts";
import { within } from "../lifecycle/within.ts";
import { parseJson } from "./json.ts";
import {
  MAXIMUM_NDJSON_LINE_BYTES,
  NDJSON_IDLE_TIMEOUT_MS,
  NDJSON_STALL_TIMEOUT_MS,
  NDJSON_WRITE_BYTES,
} from "./limits.ts";
import { problemOf } from "./problem.ts";
import { cutOff, utf8Text } from "./read-body.ts";
import type { RouteRequest } from "./route.ts";

export const NDJSON_CONTENT_TYPE = "application/x-ndjson";

export interface NdjsonLimits {
  readonly maximumLineBytes: number;
  readonly idleTimeoutMs: number;
}

const LIMITS: NdjsonLimits = {
  maximumLineBytes: MAXIMUM_NDJSON_LINE_BYTES,
  idleTimeoutMs: NDJSON_IDLE_TIMEOUT_MS,
};

/** `lineNumber` counts from 1, empty lines included, as an editor does. */
export interface NdjsonText {
  readonly text: string;
  readonly lineNumber: number;
}

const NEWLINE = 0x0a;

/** One line parsed; an error names the line, and the reader may go on with the next. */
export function parseNdjsonLine({ text, lineNumber }: NdjsonText): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw error instanceof PlatformError ? atLine(error, lineNumber) : error;
  }
}

/** The lines of a request for as long as its key holds: a stream may take hours. */
export async function* linesOfRequest({
  raw,
  keyHolds,
}: Pick<RouteRequest, "raw" | "keyHolds">): AsyncGenerator<NdjsonText> {
  for await (const line of readNdjsonText(raw)) {
    if (keyHolds()) yield line;
    else
      throw new PlatformError("UNAUTHENTICATED", "The key holds no longer; the rest is not read.");
  }
}

/** The lines of a body as text. Reading goes on only when the next line is asked for. */
export async function* readNdjsonText(
  request: IncomingMessage,
  limits: NdjsonLimits = LIMITS,
): AsyncGenerator<NdjsonText> {
  let rest: Buffer = Buffer.alloc(0);
  let lineNumber = 0;
  for await (const chunk of chunksOf(request, limits.idleTimeoutMs)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      lineNumber += 1;
      const text = textOf(bytes.subarray(start, end), lineNumber, limits);
      if (text !== "") yield { text, lineNumber };
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > limits.maximumLineBytes) throw lineTooLong(lineNumber + 1, limits);
  }
  const text = textOf(rest, lineNumber + 1, limits);
  if (text !== "") yield { text, lineNumber: lineNumber + 1 };
}

function textOf(bytes: Buffer, lineNumber: number, limits: NdjsonLimits): string {
  if (bytes.length > limits.maximumLineBytes) throw lineTooLong(lineNumber, limits);
  return utf8Text(bytes, `line ${lineNumber}`).trim();
}

function lineTooLong(lineNumber: number, limits: NdjsonLimits): PlatformError {
  const detail = `Line ${lineNumber} is over ${limits.maximumLineBytes} bytes.`;
  return new PlatformError("BODY_TOO_LARGE", detail, { facts: { line: lineNumber } });
}

function atLine(error: PlatformError, lineNumber: number): PlatformError {
  const more = { facts: { ...error.facts, line: lineNumber }, errors: error.errors };
  return new PlatformError(error.code, `Line ${lineNumber}: ${error.message}`, more);
}

/** The request stays open when the reader stops early: its answer still has to go out. */
async function* chunksOf(request: IncomingMessage, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const chunks = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await withinIdleTime(chunks.next(), idleTimeoutMs);
    if (next.done === true) break;
    yield next.value as Buffer;
  }
}

async function withinIdleTime<T>(next: Promise<T>, idleTimeoutMs: number): Promise<T> {
  const detail = `Nothing more of the body came for ${idleTimeoutMs} ms.`;
  try {
    return await within(idleTimeoutMs, () => new PlatformError("REQUEST_TIMEOUT", detail), next);
  } catch (error) {
    throw error instanceof PlatformError ? error : cutOff();
  }
}

/**
 * Answers one JSON line per value, never faster than the client reads. An error before the first
 * line is an ordinary problem answer; after it, the problem is the last line.
 */
export async function writeNdjson(
  response: Response,
  values: AsyncIterable<unknown>,
): Promise<void> {
  const writer = new NdjsonWriter(response);
  try {
    for await (const value of values) {
      if (writer.isClosed()) return;
      await writer.write(value);
    }
  } catch (error) {
    if (writer.isUntouched()) throw error;
    response.locals.streamError = error;
    await writer.write(problemOf(error));
  }
  writer.end();
}

class NdjsonWriter {
  readonly #response: Response;
  #waiting = "";
  #begun = false;
  #flush: NodeJS.Immediate | null = null;

  constructor(response: Response) {
    this.#response = response;
  }

  isUntouched(): boolean {
    return !this.#begun;
  }

  isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Lines leave when enough are gathered, or when the event loop has nothing else to do. */
  async write(value: unknown): Promise<void> {
    this.#begin();
    this.#waiting += `${JSON.stringify(value)}\n`;
    this.#flush ??= setImmediate(() => this.#send());
    if (this.#waiting.length < NDJSON_WRITE_BYTES) return;
    if (!this.#send()) await drained(this.#response);
  }

  end(): void {
    this.#begin();
    this.#send();
    this.#response.end();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#response.type(NDJSON_CONTENT_TYPE);
  }

  #send(): boolean {
    if (this.#flush !== null) clearImmediate(this.#flush);
    this.#flush = null;
    const text = this.#waiting;
    this.#waiting = "";
    return text === "" || this.isClosed() || this.#response.write(text);
  }
}

/** Until the client has read on, or is gone; one that reads nothing for long is sent away. */
function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const timer = setTimeout(() => response.destroy(), NDJSON_STALL_TIMEOUT_MS);
    const settle = () => {
      clearTimeout(timer);
      response.off("drain", settle).off("close", settle);
      resolve();
    };
    response.on("drain", settle).on("close", settle);
  });
}
