import { createHash } from "node:crypto";
import { BigNumber } from "bignumber.js";
import { decimalText } from "../../platform/kernel/decimal.ts";
import type { CommandRequest } from "../gateway.ts";

/** What is told of a command's content without keeping it. */
export interface CommandDigest {
  /**
   * SHA-256 (hex) of type, aggregate and canonical payload: equal for equal requests however their
   * JSON was spaced, ordered or their decimals padded.
   */
  readonly hash: string;
  /** The size of that text in UTF-8. */
  readonly bytes: number;
}

export function digestCommand(request: CommandRequest): CommandDigest {
  const { aggregate, aggregateId, command } = request;
  const text = canonicalText([command.type, aggregate, aggregateId, command.data]);
  const hash = createHash("sha256").update(text).digest("hex");
  return { hash, bytes: Buffer.byteLength(text) };
}

/** JSON with sorted names and plain decimals, written in one pass: batches of ticks go through. */
export function canonicalText(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (BigNumber.isBigNumber(value)) return `"${decimalText(value)}"`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const members = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalText(member)}`;
  }
  return `{${text}}`;
}
