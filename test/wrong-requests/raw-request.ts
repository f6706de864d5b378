import { connect } from "node:net";
import type { WrongRequest } from "./cases.ts";

const ANSWER_WITHIN_MILLISECONDS = 10_000;

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends the request over a plain socket, as no well-behaved client would, and reads the answer. */
export function sendRaw(url: string, request: WrongRequest): Promise<RawAnswer | "no answer"> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = "";
    socket.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => {
      socket.destroy();
      reject(new Error(`${request.method} ${request.path}: no answer in time`));
    });
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => resolve(parseAnswer(text)));
    socket.on("close", () => resolve(parseAnswer(text)));
    const body = request.body === null ? Buffer.alloc(0) : Buffer.from(request.body as string);
    socket.write(headOf(request, hostname, body.length));
    if (request.cutOff) {
      socket.end(body.subarray(0, Math.floor(body.length / 2)));
    } else {
      socket.write(body);
    }
  });
}

function headOf(request: WrongRequest, host: string, length: number): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const sized = request.body === null ? [] : [`Content-Length: ${length}`];
  return [
    `${request.method} ${request.path} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: close",
    ...headers,
    ...sized,
    "",
    "",
  ].join("\r\n");
}

function parseAnswer(text: string): RawAnswer | "no answer" {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
  if (Number.isNaN(status)) return "no answer";
  return { status, body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}
