import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type ApiAnswer,
  ApiClient,
  ApiError,
  type ApiRequest,
  authorization,
} from "../platform/http/client.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, toFailure } from "./failure.ts";
import { type Problem, problemFailure } from "./problem-failure.ts";

/** Lines of a streamed body travel together in chunks of about this size. */
const CHUNK_BYTES = 65_536;
/** A query may wait for its token for half of it. */
const EXCHANGE_LIMIT_MS = 60_000;
const NDJSON = "application/x-ndjson";

/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

type RequestHeaders = Readonly<Record<string, string>>;

export interface HttpClient {
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  /** Answers of 400 and above are thrown as a Failure; what may help is tried again before. */
  get(path: string, headers?: RequestHeaders): Promise<ApiAnswer>;
  /** Streams values as lines of JSON, the next being asked for when there is room. */
  postLines(path: string, lines: AsyncIterable<string>): AsyncGenerator<unknown>;
  /** The events of a stream until it ends or `signal` ends it. */
  events(path: string, options: EventOptions): AsyncGenerator<ServerSentEvent>;
}

export interface EventOptions {
  readonly lastEventId?: string;
  readonly signal: AbortSignal;
}

/** A server, and the key that its requests bear; null where none is needed. */
export interface ServerAccess {
  readonly address: string;
  readonly apiKey: string | null;
}

export function createHttpClient(server: ServerAccess): HttpClient {
  const { address, apiKey } = server;
  const api = new ApiClient({ url: address, apiKey, timeoutMs: EXCHANGE_LIMIT_MS });
  const exchange = async (request: ApiRequest) => {
    try {
      return await api.send(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw problemFailure(error.problem, `${request.method} ${new URL(request.path, address)}`);
    }
  };
  return {
    address,
    get: (path, headers = {}) => exchange({ method: "GET", path, headers }),
    postLines: (path, lines) => postLines(server, path, lines),
    events: (path, options) => readEvents(server, path, options),
  };
}

async function* postLines(
  { address, apiKey }: ServerAccess,
  path: string,
  lines: AsyncIterable<string>,
) {
  const url = new URL(path, address);
  const what = `POST ${url}`;
  const headers = { "content-type": NDJSON, ...authorization(apiKey) };
  const sent = request(url, { method: "POST", headers });
  const responded = responseOf(sent, what);
  // An answer may come and end before the body does (an error); then the rest is not sent.
  const sendingError = pipeline(Readable.from(inChunks(lines)), sent).then(
    () => null,
    (error: unknown) => error,
  );
  try {
    const response = await firstOf(responded, sendingError);
    if (statusOf(response) >= 400) throw refusalOf(response, await textOf(response, what), what);
    yield* linesOf(response, what);
    const error = await sendingError;
    if (error !== null) throw connectionFailure(error, what);
  } finally {
    sent.destroy();
  }
}

/** The answer, unless the lines' own source failed: then none will come. */
function firstOf(
  responded: Promise<IncomingMessage>,
  sendingError: Promise<unknown>,
): Promise<IncomingMessage> {
  const failed = sendingError.then((error) => {
    if (error instanceof Failure) throw error;
    return responded;
  });
  return Promise.race([responded, failed]);
}

/** What fails in the source of the lines must not look like a connection that broke. */
async function* toldAsFailure(lines: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (error) {
    throw toFailure(error, "reading what is to be sent");
  }
}

async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const line of toldAsFailure(lines)) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_BYTES) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

async function* linesOf(response: IncomingMessage, what: string): AsyncGenerator<unknown> {
  for await (const line of textLines(response, what)) if (line !== "") yield parseJson(line);
  if (!response.complete) throw connectionFailure(new Error("the answer was cut off"), what);
}

async function* textLines(response: IncomingMessage, what: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: response, crlfDelay: Infinity });
  } catch (error) {
    throw connectionFailure(error, what);
  }
}

async function* readEvents(
  { address, apiKey }: ServerAccess,
  path: string,
  { lastEventId, signal }: EventOptions,
) {
  const url = new URL(path, address);
  const headers: Record<string, string> = {
    accept: "text/event-stream",
    ...authorization(apiKey),
  };
  if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
  const sent = request(url, { method: "GET", headers, signal });
  sent.end();
  const response = await responseOf(sent, `GET ${url}`);
  if (statusOf(response) >= 400) {
    throw refusalOf(response, await textOf(response, `GET ${url}`), `GET ${url}`);
  }
  yield* parseEvents(textLines(response, `GET ${url}`));
}

/** The grammar of `text/event-stream`: `field: value` lines, an empty line ends an event. */
export async function* parseEvents(lines: AsyncIterable<string>): AsyncGenerator<ServerSentEvent> {
  let [id, event, data]: [string | null, string, string[]] = [null, "message", []];
  for await (const line of lines) {
    if (line === "") {
      if (data.length > 0) yield { id, event, data: data.join("\n") };
      [event, data] = ["message", []];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "id") id = value;
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
}

type Sent = ReturnType<typeof request>;

async function responseOf(sent: Sent, what: string): Promise<IncomingMessage> {
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  try {
    const [response] = await answered;
    // Later errors of the connection are the reader's: here they must only not be unheard.
    sent.on("error", () => undefined);
    return response;
  } catch (error) {
    throw connectionFailure(error, what);
  }
}

async function textOf(response: IncomingMessage, what: string): Promise<string> {
  try {
    response.setEncoding("utf8");
    let text = "";
    for await (const chunk of response) text += chunk;
    return text;
  } catch (error) {
    throw connectionFailure(error, what);
  }
}

function statusOf(response: IncomingMessage): number {
  return response.statusCode ?? 500;
}

function parseJson(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusalOf(response: IncomingMessage, text: string, what: string): Failure {
  const body = parseJson(text);
  const problem: Problem =
    typeof body === "object" && body !== null ? body : { detail: text.slice(0, 500) };
  return problemFailure({ ...problem, status: statusOf(response) }, what);
}

/** The server is not there, or went away. */
function connectionFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  return new Failure(exitCodes.unavailable, {
    failed: `${what} got no answer`,
    error: error instanceof Error ? error.message || String(error) : String(error),
    tried: "the server that holds the data folder's lock",
    todo: "see that the server runs (cipherhorizon doctor), then run the same command again",
  });
}
