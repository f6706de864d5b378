import type { IncomingMessage } from "node:http";
import { PlatformError } from "../errors/catalogue.ts";

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "::1"]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * Without keys, the web pages a person visits must not reach the platform through their
 * browser: a name that merely resolves to this machine is refused (DNS rebinding), and so is a
 * change asked for by a page of another origin.
 */
export function refuseForeignPages(request: IncomingMessage): void {
  const host = hostName(request.headers.host ?? "");
  if (!isLoopback(host)) {
    throw new PlatformError("INVALID_HEADER", "Host must be a loopback name, such as localhost.");
  }
  const origin = request.headers.origin;
  if (origin === undefined || SAFE_METHODS.has(request.method ?? "")) return;
  if (!URL.canParse(origin) || new URL(origin).host !== request.headers.host) {
    throw new PlatformError("INVALID_HEADER", "Origin must be this server itself.");
  }
}

/** `[::1]:8080` → `::1`, `LOCALHOST:8080` → `localhost`. */
function hostName(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}
