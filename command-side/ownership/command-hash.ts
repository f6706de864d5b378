import { createHash } from "node:crypto";
import { BigNumber } from "bignumber.js";
import { decimalText } from "../../platform/kernel/decimal.ts";
import type { CommandRequest } from "../gateway.ts";

/**
 * SHA-256 (hex) of a command's type, aggregate and canonical payload: equal for equal requests
 * however their JSON was spaced, ordered or their decimals padded.
 */
export function commandHash(request: CommandRequest): string {
  const { aggregate, aggregateId, command } = request;
  const text = JSON.stringify([command.type, aggregate, aggregateId, canonical(command.data)]);
  return createHash("sha256").update(text).digest("hex");
}

function canonical(value: unknown): unknown {
  if (BigNumber.isBigNumber(value)) return decimalText(value);
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, canonical(member)]));
}
