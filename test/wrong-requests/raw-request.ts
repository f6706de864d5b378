import { connect } from "node:net";
import type { WrongRequest } from "./cases.ts";

const ANSWER_WITHIN_MILLISECONDS = 60_000;

export type RawRequest = Pick<WrongRequest, "method" | "path" | "headers" | "body" | "cutOff">;

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Sends the request over a plain socket, as no well-behaved client would, and reads the answer. */
export function sendRaw(url: string, request: RawRequest): Promise<RawAnswer | "no answer"> {
  const body = Buffer.from(request.body ?? "");
  const sent = request.cutOff ? body.subarray(0, Math.floor(body.length / 2)) : body;
  const head = headOf(request, new URL(url).host, body.length);
  return exchange(url, Buffer.concat([Buffer.from(head), sent]), request.cutOff ?? false);
}

/** Sends bytes that need not be HTTP; `thenEnd` closes our side of the connection after them. */
export function exchange(
  url: string,
  bytes: Uint8Array,
  thenEnd: boolean,
): Promise<RawAnswer | "no answer"> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const chunks: Buffer[] = [];
    const settle = () => resolve(parseAnswer(Buffer.concat(chunks).toString("utf8")));
    socket.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => {
      socket.destroy();
      reject(new Error(`no answer to ${Buffer.from(bytes).toString("latin1", 0, 200)}`));
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", settle);
    socket.on("close", settle);
    if (thenEnd) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Sends bytes and breaks the connection, as a killed client does; there is nobody to answer. */
export function breakOff(url: string, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.write(bytes, () => socket.resetAndDestroy());
  });
}

export function headOf(
  { method, path, headers, body }: RawRequest,
  host: string,
  length: number,
): string {
  const all = {
    Host: host,
    Connection: "close",
    ...(body === null ? {} : { "Content-Length": String(length) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

function parseAnswer(text: string): RawAnswer | "no answer" {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
  if (Number.isNaN(status)) return "no answer";
  const end = text.indexOf("\r\n\r\n");
  const contentType = /^content-type: ([^;\r]*)/im.exec(text.slice(0, end))?.[1] ?? "";
  return { status, contentType, body: text.slice(end + 4) };
}
