import { BigNumber } from "bignumber.js";
import { decimal, decimalText } from "../../platform/kernel/decimal.ts";
import type { CommandOutcome, CommandRequest } from "../gateway.ts";

/**
 * A command on its way to another process: JSON, in which a decimal is the text `~d` and its
 * digits, and any other text that begins with `~` has one more in front.
 */
const MARK = "~";
const DECIMAL = "~d";
const TEXT = "~~";

export type ForwardedCommand = Omit<CommandRequest, "facts">;

/** One line. Facts stay behind: the owner's process asks for them itself. */
export function packCommand({ facts: _, ...request }: CommandRequest): string {
  return JSON.stringify(pack(request));
}

export function unpackCommand(line: string): ForwardedCommand {
  return unpack(JSON.parse(line)) as ForwardedCommand;
}

export function packOutcome(outcome: CommandOutcome): unknown {
  return pack(outcome);
}

export function unpackOutcome(value: unknown): CommandOutcome {
  return unpack(value) as CommandOutcome;
}

function pack(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(MARK) ? `${MARK}${value}` : value;
  if (value === null || typeof value !== "object") return value;
  if (BigNumber.isBigNumber(value)) return `${DECIMAL}${decimalText(value)}`;
  return mapped(value, pack);
}

function unpack(value: unknown): unknown {
  if (typeof value === "string") return unpackText(value);
  if (value === null || typeof value !== "object") return value;
  return mapped(value, unpack);
}

function unpackText(text: string): unknown {
  if (!text.startsWith(MARK)) return text;
  if (text.startsWith(TEXT)) return text.slice(MARK.length);
  return decimal(text.slice(DECIMAL.length));
}

function mapped(value: object, map: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  const members = Object.entries(value).map(([name, member]) => [name, map(member)]);
  return Object.fromEntries(members);
}
