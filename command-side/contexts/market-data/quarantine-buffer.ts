import { v5 as uuidV5 } from "uuid";
import { NumberText } from "../../../platform/fields/fields.ts";
import {
  MAX_QUARANTINED_PER_COMMAND,
  type QuarantineReason,
  type QuarantineTicks,
} from "./quarantine/commands.ts";
import { quarantineId } from "./quarantine/quarantine-id.ts";
import type { AddressedCommand } from "./tick-service.ts";

/** The namespace of these command ids; it never changes, or repeats would no longer be found. */
const COMMAND_NAMESPACE = "0d1d5a4e-7f0c-5b52-8f3b-5f0a4b1c6a90";

export interface Quarantine {
  readonly exchange: string;
  readonly symbol: string;
  readonly reason: QuarantineReason;
}

/** Gathers ticks that are set aside into commands, by exchange, symbol and reason. */
export class QuarantineBuffer {
  readonly #submit: (command: AddressedCommand, ticks: number) => void;
  readonly #waiting = new Map<string, { readonly quarantine: Quarantine; ticks: string[] }>();

  #waitingTicks = 0;

  constructor(submit: (command: AddressedCommand, ticks: number) => void) {
    this.#submit = submit;
  }

  /** Ticks that are not submitted yet. */
  get waiting(): number {
    return this.#waitingTicks;
  }

  add(quarantine: Quarantine, raw: unknown): void {
    const key = JSON.stringify([quarantine.exchange, quarantine.symbol, quarantine.reason]);
    const waiting = this.#waiting.get(key) ?? { quarantine, ticks: [] };
    this.#waiting.set(key, waiting);
    this.#waitingTicks += 1;
    waiting.ticks.push(JSON.stringify(raw, numbersAsText));
    if (waiting.ticks.length >= MAX_QUARANTINED_PER_COMMAND) this.#leave(key);
  }

  flush(): void {
    for (const key of [...this.#waiting.keys()]) this.#leave(key);
  }

  #leave(key: string): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    this.#waitingTicks -= waiting.ticks.length;
    this.#submit(quarantineCommand(waiting.quarantine, waiting.ticks), waiting.ticks.length);
  }
}

/** Its id is made of what it says, so that the same ticks sent again add nothing. */
function quarantineCommand(
  { exchange, symbol, reason }: Quarantine,
  ticks: readonly string[],
): AddressedCommand {
  const command: QuarantineTicks = { type: "QuarantineTicks", data: { reason, ticks } };
  const aggregateId = quarantineId(exchange, symbol);
  const commandId = uuidV5(JSON.stringify([aggregateId, reason, ticks]), COMMAND_NAMESPACE);
  return { aggregate: "quarantine", aggregateId, command, commandId };
}

/** Numbers that a JavaScript number would not hold stand as text. */
function numbersAsText(_name: string, value: unknown): unknown {
  return value instanceof NumberText ? value.text : value;
}
