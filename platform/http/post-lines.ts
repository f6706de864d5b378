import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { PlatformError } from "../errors/catalogue.ts";
import { NDJSON_CONTENT_TYPE, type NdjsonLimits, readNdjsonText } from "./ndjson.ts";

const CONNECT_WITHIN_MILLISECONDS = 2_000;
/** Of an answer, from the last line of the request on. */
const SILENCE_MILLISECONDS = 60_000;
const SOCKETS = 256;
/** Of an answer's line, which another process of the platform writes. */
const LINE_LIMITS: NdjsonLimits = {
  maximumLineBytes: 8 * 1024 * 1024,
  idleTimeoutMs: SILENCE_MILLISECONDS,
};

const kept = { keepAlive: true, maxSockets: SOCKETS };
const plain = { ask: httpRequest, agent: new Agent(kept) };
const encrypted = { ask: httpsRequest, agent: new TlsAgent(kept) };

export interface LinesToPost {
  readonly to: URL;
  readonly authorization: string;
  readonly lines: readonly string[];
  /** Gives up waiting; whether the other side carried it out is not known then. */
  readonly signal: AbortSignal;
}

/**
 * Posts lines to another process of the platform, and gives the lines of its answer. Throws
 * `NOT_OWNER` where nothing was carried out, because that one cannot be reached or does not let us
 * in. Once it has the request, a broken connection leaves the outcome unknown: `UNREACHABLE`.
 */
export async function postLines(post: LinesToPost): Promise<string[]> {
  const answer = await send(post);
  if (answer.statusCode !== 200) {
    answer.resume();
    const { statusCode } = answer;
    const detail = `the command side at ${post.to.origin} answers ${statusCode}`;
    throw new PlatformError(isNotLetIn(statusCode) ? "NOT_OWNER" : "UNREACHABLE", detail);
  }
  const lines: string[] = [];
  try {
    for await (const { text } of readNdjsonText(answer, LINE_LIMITS)) lines.push(text);
  } catch (error) {
    const detail = `the command side at ${post.to.origin} broke off: ${(error as Error).message}`;
    throw new PlatformError("UNREACHABLE", detail);
  }
  return lines;
}

/** It knows no such process, or no such route. */
function isNotLetIn(status: number | undefined): boolean {
  return status === 401 || status === 404;
}

function send({ to, authorization, lines, signal }: LinesToPost): Promise<IncomingMessage> {
  const headers = { "Content-Type": NDJSON_CONTENT_TYPE, Authorization: authorization };
  const { ask, agent } = to.protocol === "https:" ? encrypted : plain;
  const upstream = ask(to, { method: "POST", headers, agent, signal });
  upstream.setTimeout(SILENCE_MILLISECONDS, () => upstream.destroy(new Error("it says nothing")));
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const late = setTimeout(() => {
      if (!isConnected) upstream.destroy(new Error("it takes no connection"));
    }, CONNECT_WITHIN_MILLISECONDS);
    upstream.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => (isConnected = true));
      else isConnected = true;
    });
    upstream.on("response", (answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    upstream.on("error", (error) => {
      clearTimeout(late);
      const detail = `the command side at ${to.origin} does not answer: ${error.message}`;
      reject(new PlatformError(isConnected ? "UNREACHABLE" : "NOT_OWNER", detail));
    });
    upstream.end(`${lines.join("\n")}\n`);
  });
}
