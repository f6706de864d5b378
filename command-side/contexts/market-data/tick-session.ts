import { v7 as uuidV7 } from "uuid";
import { type FieldError, PlatformError } from "../../../platform/errors/catalogue.ts";
import { fieldErrors } from "../../../platform/http/field-errors.ts";
import { partitionKey } from "../../../platform/log/log.ts";
import type { Accepted, CommandOutcome } from "../../gateway.ts";
import type { RecordTicks, TickData } from "./instrument/commands.ts";
import { parseTicksAnswer, type TicksAnswer } from "./instrument/record-ticks.ts";
import { Occurrences } from "./occurrences.ts";
import type { QuarantineReason } from "./quarantine/commands.ts";
import { QuarantineBuffer } from "./quarantine-buffer.ts";
import { type TickInput, tickInput } from "./tick-input.ts";
import type { AddressedCommand, TickServiceParts } from "./tick-service.ts";

/** Ticks of one command: more save little, and a command's events are one append. */
export const TICKS_PER_COMMAND = 250;
/** Commands of one request that may be undecided; reading stops beyond it. */
export const COMMANDS_IN_FLIGHT = 64;
/** Ticks of one request that wait for more of their instrument. */
const BUFFERED_TICKS = 20_000;
/** How long a tick waits for more of its instrument. */
const FLUSH_AFTER_MILLISECONDS = 40;
/** Errors of single ticks that an answer lists. */
export const ERRORS_LISTED = 100;

export interface TickFeed {
  readonly source: RecordTicks["data"]["source"];
  /** Empty where the feed names none. */
  readonly feedSession: string;
}

/** What became of the ticks of one request: the counts add up to the ticks sent. */
export interface TickCounts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly beyondHorizon: number;
  readonly rejected: number;
  readonly quarantined: number;
  /** The first of those that were rejected: `/12/price`, 12 counting the ticks from 0. */
  readonly errors: readonly FieldError[];
}

export interface TicksOutcome {
  readonly counts: TickCounts;
  /** The log that the ticks are in; `null` when nothing was submitted. */
  readonly logId: string | null;
  /** Next position per `topic/partition` that shows all of it. */
  readonly positions: ReadonlyMap<string, number>;
}

/** A tick on its way, with what is needed to set it aside. */
interface Passenger {
  readonly index: number;
  readonly raw: unknown;
  readonly input: TickInput;
  readonly data: TickData;
}

/** The ticks of one request on their way into commands, in order within each instrument. */
export class TickSession {
  readonly #parts: TickServiceParts;
  readonly #feed: TickFeed;
  readonly #occurrences = new Occurrences();
  readonly #quarantine: QuarantineBuffer;
  #waiting = new Map<string, Passenger[]>();
  #waitingTicks = 0;
  #nextIndex = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #inFlight = 0;
  #onSettled: (() => void) | null = null;
  #failure: Error | null = null;
  #logId: string | null = null;
  readonly #positions = new Map<string, number>();
  readonly #errors: FieldError[] = [];
  readonly #counts = { accepted: 0, duplicates: 0, beyondHorizon: 0, rejected: 0, quarantined: 0 };

  constructor(parts: TickServiceParts, feed: TickFeed) {
    this.#parts = parts;
    this.#feed = feed;
    this.#quarantine = new QuarantineBuffer((command, ticks) => {
      this.#submit(command, () => {
        this.#counts.quarantined += ticks;
      });
    });
  }

  get isFull(): boolean {
    return this.#inFlight >= COMMANDS_IN_FLIGHT || this.#failure !== null;
  }

  add(raw: unknown): void {
    const index = this.#nextIndex++;
    const parsed = tickInput.safeParse(raw);
    if (!parsed.success) {
      this.#reject(fieldErrors(parsed.error.issues, `/${index}`));
      return;
    }
    const input = parsed.data;
    const { exchange, symbol, timestamp } = input;
    const instrumentId = this.#parts.directory.resolve(exchange, symbol, timestamp);
    if (instrumentId === null) this.#setAside({ raw, input }, "unknown_symbol");
    else this.#board(instrumentId, { index, raw, input, data: this.#dataOf(instrumentId, input) });
    if (this.#waitingTicks + this.#quarantine.waiting >= BUFFERED_TICKS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MILLISECONDS);
  }

  /** Resolves when there is room for more ticks; rejects with the first failure. */
  async room(): Promise<void> {
    while (this.#inFlight >= COMMANDS_IN_FLIGHT) await this.#nextSettled();
    if (this.#failure) throw this.#failure;
  }

  /** Everything that waits for company leaves without it. */
  flush(): void {
    this.#stopTimer();
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [instrumentId, passengers] of waiting) this.#depart(instrumentId, passengers);
    this.#quarantine.flush();
  }

  /** Waits for all that was submitted; what an answer sets aside is submitted on the way. */
  async settle(): Promise<void> {
    this.#stopTimer();
    for (;;) {
      if (this.#failure === null) this.#quarantine.flush();
      if (this.#inFlight === 0) return;
      await this.#nextSettled();
    }
  }

  outcome(): TicksOutcome {
    if (this.#failure) throw this.#failure;
    const counts = { ...this.#counts, errors: [...this.#errors] };
    return { counts, logId: this.#logId, positions: this.#positions };
  }

  #dataOf(instrumentId: string, input: TickInput): TickData {
    const { timestamp: timeMs, price, volume, side } = input;
    const tradeId = input.tradeId ?? input.trade_id;
    const occurrence = tradeId === null ? this.#occurrences.next(instrumentId, input) : 0;
    return { timeMs, price, volume, side: side ?? "unknown", tradeId, occurrence };
  }

  #board(instrumentId: string, passenger: Passenger): void {
    const passengers = this.#waiting.get(instrumentId) ?? [];
    passengers.push(passenger);
    this.#waitingTicks += 1;
    if (passengers.length < TICKS_PER_COMMAND) this.#waiting.set(instrumentId, passengers);
    else {
      this.#waiting.delete(instrumentId);
      this.#depart(instrumentId, passengers);
    }
  }

  #depart(instrumentId: string, passengers: readonly Passenger[]): void {
    this.#waitingTicks -= passengers.length;
    const ticks = passengers.map(({ data }) => data);
    const command: RecordTicks = { type: "RecordTicks", data: { ...this.#feed, ticks } };
    const addressed = { aggregate: "instrument", aggregateId: instrumentId, command };
    this.#submit({ ...addressed, commandId: uuidV7() }, (outcome) => {
      if (outcome.outcome === "refused") {
        const { code, detail } = outcome.refusal;
        for (const { index } of passengers) {
          this.#reject([{ pointer: `/${index}`, detail: `${code}: ${detail}` }]);
        }
      } else this.#arrive(passengers, parseTicksAnswer(outcome.answer));
    });
  }

  #arrive(passengers: readonly Passenger[], answer: TicksAnswer): void {
    this.#counts.accepted += answer.accepted;
    this.#counts.duplicates += answer.duplicates;
    this.#counts.beyondHorizon += answer.beyondHorizon;
    for (const reason of ["future", "absurd"] as const) {
      for (const place of answer[reason]) {
        const passenger = passengers[place];
        if (passenger) this.#setAside(passenger, reason);
      }
    }
  }

  #setAside({ raw, input }: Pick<Passenger, "raw" | "input">, reason: QuarantineReason): void {
    const { exchange, symbol } = input;
    this.#quarantine.add({ exchange, symbol, reason }, raw);
  }

  #reject(errors: readonly FieldError[]): void {
    this.#counts.rejected += 1;
    this.#errors.push(...errors.slice(0, ERRORS_LISTED - this.#errors.length));
  }

  #submit(command: AddressedCommand, onEnd: (outcome: Ended) => void): void {
    this.#inFlight += 1;
    this.#parts
      .submit(command)
      .then((outcome) => {
        if (outcome.outcome === "failed") throw failureOf(outcome);
        if (outcome.outcome === "accepted") this.#note(outcome);
        onEnd(outcome);
      })
      .catch((error: Error) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight -= 1;
        this.#onSettled?.();
      });
  }

  #note({ logId, partition, position }: Accepted): void {
    this.#logId = logId;
    const key = partitionKey(partition);
    this.#positions.set(key, Math.max(position, this.#positions.get(key) ?? 0));
  }

  #nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
    });
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

type Failed = Extract<CommandOutcome, { outcome: "failed" }>;
type Ended = Exclude<CommandOutcome, Failed>;

function failureOf({ code, detail, facts }: Failed): PlatformError {
  return new PlatformError(code, detail, { facts: facts ?? {} });
}
