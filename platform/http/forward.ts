import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { PlatformError } from "../errors/catalogue.ts";

/** Says that a request was forwarded once; nobody forwards it again. */
const FORWARDED_HEADER = "x-cipherhorizon-forwarded";
const CONNECT_WITHIN_MILLISECONDS = 2_000;
/** Between two pieces of an answer; an import says something at least that often. */
const SILENCE_MILLISECONDS = 60_000;
const SOCKETS = 256;
/** Headers of one connection, which are not the other's. */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"];

const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });

export function wasForwarded(request: Request): boolean {
  return request.get(FORWARDED_HEADER) !== undefined;
}

/**
 * Hands the request as it comes to another process of the platform, and its answer back as it
 * comes. Throws `NOT_OWNER` where that one cannot be reached: nothing was carried out then. Once it
 * has the request, a broken connection leaves the outcome unknown: `UNREACHABLE`.
 */
export async function forward(request: Request, response: Response, to: string): Promise<void> {
  const answer = await send(request, new URL(request.originalUrl, to));
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !HOP_BY_HOP.includes(name)) response.setHeader(name, value);
  }
  response.status(answer.statusCode ?? 502);
  await pipeline(answer, response);
}

function send(request: Request, url: URL): Promise<IncomingMessage> {
  const headers = { ...request.headers, host: url.host, [FORWARDED_HEADER]: "1" };
  const upstream = httpRequest(url, { method: request.method, headers, agent });
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
      const detail = `the leading command side at ${url.origin} does not answer: ${error.message}`;
      reject(new PlatformError(isConnected ? "UNREACHABLE" : "NOT_OWNER", detail));
    });
    request.pipe(upstream);
  });
}
