import { platformErrors } from "../../platform/errors/catalogue.ts";
import { within } from "../../platform/lifecycle/within.ts";
import { AppendSignal } from "../../platform/log/append-signal.ts";
import { pause } from "../../projections/runner/pause.ts";
import { Fenced } from "../../projections/runner/read-store.ts";
import type { CommandOutcome } from "../gateway.ts";
import type { CommandDoor, FollowUps, PlannedCommand, Planner } from "./manager.ts";
import { type OutboxEntry, type ProcessStore, targetOf } from "./process-store.ts";

/** Commands of one manager under way at a time, each to another aggregate. */
const IN_FLIGHT = 16;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;
/** A command without an answer by then is sent again, with the same id. */
const ANSWER_TIMEOUT_MS = 30_000;

/** The steps of one command's way; between any two of them the process may die. */
type SendingStep = "planned" | "sending" | "answered" | "struck";

export interface SenderParts {
  /** The actor of its commands: the manager's name. */
  readonly name: string;
  readonly store: ProcessStore;
  readonly planner: Planner;
  readonly followUps: FollowUps;
  readonly door: CommandDoor;
  readonly observer: SenderObserver;
  readonly signal: AbortSignal;
}

export interface SenderObserver {
  onStep?(step: SendingStep, command: PlannedCommand | null): void;
  /** So many commands wait for an answer. */
  onOutbox?(size: number): void;
  /** A final answer that is neither accepted nor refused. */
  onFailed?(command: PlannedCommand, code: string, detail: string): void;
  /** A command that is sent again, or planning that is done again, after so many attempts. */
  onRetry?(doing: string, detail: string, attempts: number): void;
}

/**
 * Sends the outbox: in order and one at a time per target, the targets side by side. What has no
 * final answer is sent again for ever, with growing pauses; nothing is dropped.
 */
export class Sender {
  readonly #parts: SenderParts;
  readonly #wake = new AppendSignal();
  /** Targets with a command under way or in a pause. */
  readonly #busy = new Map<string, Promise<void>>();
  #planFailures = 0;
  /** Another process runs this manager now. */
  #fenced: Fenced | null = null;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#signal = AbortSignal.any([parts.signal, this.#ending.signal]);
  }

  /** Something may have become due. */
  wake(): void {
    this.#wake.raise();
  }

  /** Runs until the signal aborts; then waits for the commands under way. Throws `Fenced`. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const { raised } = this.#wake;
      await this.#planAndSend();
      await this.#wake.after(raised, this.#signal);
    }
    await Promise.all(this.#busy.values());
    if (this.#fenced !== null) throw this.#fenced;
  }

  async #planAndSend(): Promise<void> {
    const { planner, store, observer } = this.#parts;
    try {
      await planner.plan();
      observer.onStep?.("planned", null);
      await this.#sendReady();
      observer.onOutbox?.(await store.outboxSize());
      this.#planFailures = 0;
    } catch (error) {
      if (this.#isEndedBy(error)) return;
      this.#planFailures += 1;
      observer.onRetry?.("planning", messageOf(error), this.#planFailures);
      await pause(retryMs(this.#planFailures), this.#signal);
    }
  }

  async #sendReady(): Promise<void> {
    // One that is struck while the store is asked may still be in its answer.
    const busy = new Set(this.#busy.keys());
    for (const entry of await this.#parts.store.ready(IN_FLIGHT + busy.size)) {
      if (this.#busy.size >= IN_FLIGHT || this.#signal.aborted) return;
      const target = targetOf(entry.command);
      if (busy.has(target)) continue;
      const sending = this.#send(entry).finally(() => {
        this.#busy.delete(target);
        this.#wake.raise();
      });
      this.#busy.set(target, sending);
    }
  }

  /** Until there is a final answer, which strikes the entry, or the manager is stopped. */
  async #send(entry: OutboxEntry): Promise<void> {
    const { observer } = this.#parts;
    const { command } = entry;
    for (let attempts = 1; !this.#signal.aborted; attempts += 1) {
      try {
        observer.onStep?.("sending", command);
        const outcome = await this.#answerTo(command);
        observer.onStep?.("answered", command);
        if (!isRetryable(outcome)) return await this.#strike(entry, outcome);
        observer.onRetry?.(command.type, detailOf(outcome), attempts);
      } catch (error) {
        if (this.#isEndedBy(error)) return;
        observer.onRetry?.(command.type, messageOf(error), attempts);
      }
      await pause(retryMs(attempts), this.#signal);
    }
  }

  #isEndedBy(error: unknown): boolean {
    if (!(error instanceof Fenced)) return false;
    this.#fenced ??= error;
    this.#ending.abort();
    return true;
  }

  #answerTo(command: PlannedCommand): Promise<CommandOutcome> {
    const { door, name } = this.#parts;
    const late = () => new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`);
    return within(ANSWER_TIMEOUT_MS, late, door.submit(command, name));
  }

  async #strike(entry: OutboxEntry, outcome: CommandOutcome): Promise<void> {
    const { store, observer } = this.#parts;
    if (outcome.outcome === "failed") {
      observer.onFailed?.(entry.command, outcome.code, outcome.detail);
    }
    await store.strike(entry, this.#followUpsOf(entry.command, outcome));
    observer.onStep?.("struck", entry.command);
  }

  #followUpsOf(command: PlannedCommand, outcome: CommandOutcome): readonly PlannedCommand[] {
    const { followUps } = this.#parts;
    switch (outcome.outcome) {
      case "accepted":
        return followUps.onAccepted?.(command, outcome) ?? [];
      case "refused":
        return followUps.onRefused?.(command, outcome.refusal) ?? [];
      case "failed":
        return [];
    }
  }
}

/** A defect of the platform may be cured by the next version; a wrong command never is. */
function isRetryable(outcome: CommandOutcome): boolean {
  if (outcome.outcome !== "failed") return false;
  const { retryable, status } = platformErrors[outcome.code];
  return retryable || status >= 500 || status === 409 || status === 429;
}

function retryMs(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_RETRY_MS);
}

function detailOf(outcome: CommandOutcome): string {
  return outcome.outcome === "failed" ? `${outcome.code}: ${outcome.detail}` : outcome.outcome;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
