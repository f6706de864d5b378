import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { PlatformError } from "../errors/catalogue.ts";
import { parseJson } from "./json.ts";
import { type BodyLimits, JSON_BODY_LIMITS } from "./limits.ts";

/** Reads the whole body and parses it; every way it can be wrong is a row of the catalogue. */
export async function readJsonBody(
  request: IncomingMessage,
  limits: BodyLimits = JSON_BODY_LIMITS,
): Promise<unknown> {
  return parseJson(utf8Text(await readBytes(request, limits), "the body"));
}

/** UTF-8 with or without a byte order mark; broken sequences are refused, not replaced. */
export function utf8Text(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) throw new PlatformError("MALFORMED_JSON", `${what} is not UTF-8.`);
  const text = bytes.toString("utf8");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function readBytes(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limits.maximumBytes) return Promise.reject(tooLarge(limits));
  if (request.destroyed) return Promise.reject(cutOff());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => settle(() => reject(tooSlow(limits))), limits.timeoutMs);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onCutOff);
      finish();
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.maximumBytes) return settle(() => reject(tooLarge(limits)));
      chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks)));
    const onCutOff = () => settle(() => reject(cutOff()));
    request.on("data", onData).on("end", onEnd).on("close", onCutOff);
  });
}

function tooLarge(limits: BodyLimits): PlatformError {
  const detail = `The body is over ${limits.maximumBytes} bytes; send it in parts or as NDJSON.`;
  return new PlatformError("BODY_TOO_LARGE", detail);
}

function tooSlow(limits: BodyLimits): PlatformError {
  const detail = `The body was not complete after ${limits.timeoutMs} ms.`;
  return new PlatformError("REQUEST_TIMEOUT", detail);
}

/** The client closed the connection before the end of its body. */
export function cutOff(): PlatformError {
  return new PlatformError("MALFORMED_JSON", "The connection ended before the body did.");
}
