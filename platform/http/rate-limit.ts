import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Response } from "express";
import type { RateLimiter } from "../access/rate-limit.ts";
import { PlatformError } from "../errors/catalogue.ts";
import { rateLimitRequestsTotal } from "../telemetry/metrics.ts";

/** Addresses are counted in so many groups at most, so that they cannot fill the memory. */
const ADDRESS_GROUPS = 65_536;

/**
 * Counts a request and says on its answer what is left (draft-ietf-httpapi-ratelimit-headers):
 *
 *   RateLimit-Policy: "requests";q=6000;w=60     so many in so many seconds
 *   RateLimit: "requests";r=5999;t=60            left, and all again in so many seconds
 */
export async function countRequest(
  limiter: RateLimiter,
  source: string,
  response: Response,
): Promise<void> {
  const { requests, windowSeconds } = limiter.policy;
  const { isLeft, remaining, resetSeconds } = await limiter.take(source);
  response.set("RateLimit-Policy", `"requests";q=${requests};w=${windowSeconds}`);
  response.set("RateLimit", `"requests";r=${remaining};t=${resetSeconds}`);
  rateLimitRequestsTotal.inc({ outcome: isLeft ? "within" : "beyond" });
  if (isLeft) return;
  const detail = `${requests} requests in ${windowSeconds} s are used up; wait ${resetSeconds} s`;
  const facts = { retryAfterSeconds: resetSeconds, requests, windowSeconds };
  throw new PlatformError("RATE_LIMITED", detail, { facts });
}

/** Who asks without a key; all of an IPv6 network of 64 bits, which is one customer's, is one. */
export function sourceOfAddress(address: string): string {
  const network = isIPv6(address) ? networkOf(address) : address;
  const hash = createHash("sha256").update(network).digest().readUInt32BE();
  return `address group ${hash % ADDRESS_GROUPS}`;
}

/** `2001:db8::1` → `2001:db8:0:0`; `::ffff:192.0.2.1` is the IPv4 address at its end. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [left = "", right = ""] = address.split("%", 1)[0]?.split("::") ?? [];
  const before = left === "" ? [] : left.split(":");
  const after = right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const groups = address.includes("::") ? [...before, ...zeros, ...after] : before;
  return groups.slice(0, 4).join(":");
}
