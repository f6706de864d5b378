import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../cli/demo/random.ts";
import type { ClientRecord } from "./history/checker.ts";
import { collections, type MadeCommand, madeCommand, openings } from "./kill-commands.ts";

const SINGLE_CLIENTS = 12;
const BATCH_CLIENTS = 2;
const SMALLEST_BATCH = 40;
const LARGEST_BATCH = 160;
const TICK_CLIENTS = 3;
const RETRY_AFTER_MILLISECONDS = 50;
/** Whole seconds, so that many minutes are closed. */
const FIRST_TICK_MS = 1_700_000_000_000;
const TICK_STEP_MS = 30;

/** How much of a load the clients are. */
export interface Pace {
  /** Up to so long a client waits between two requests: the machine has to do other things too. */
  readonly thinkingMs: number;
  readonly ticksPerRequest: number;
}

const FAST: Pace = { thinkingMs: 25, ticksPerRequest: 2_500 };

/** A command as its client keeps it until it is answered. */
export interface SentCommand extends ClientRecord, MadeCommand {
  acknowledged: ClientRecord["acknowledged"];
  /** When it was sent last: its answer is to this. */
  askedAtMs: number;
  /** The code of the refusal that answered it. */
  refusedWith: string | null;
}

/** Ticks of one instrument: ids from 1 to `answered` were acknowledged. */
export interface TickFeed {
  readonly instrumentId: string;
  readonly symbol: string;
  answered: number;
}

/**
 * Clients as there are in the world: each sends, waits for the answer, and where none comes sends
 * the same again with the same id, as soon as somebody serves.
 */
export class KillClients {
  readonly commands: SentCommand[] = [];
  readonly feeds: readonly TickFeed[];
  readonly #random: Random;
  readonly #pace: Pace;
  readonly #open = new Map<string, SentCommand>();
  readonly #working: Promise<void>[] = [];
  #urls: readonly string[] = [];
  #turn = 0;
  #serving: PromiseWithResolvers<void> = Promise.withResolvers();
  #requests = 0;
  #answered = 0;
  #idle: (() => void) | null = null;
  #failure: unknown = null;
  #finishing = false;

  constructor(random: Random, pace = FAST) {
    this.#random = random;
    this.#pace = pace;
    this.feeds = Array.from({ length: TICK_CLIENTS }, (_, i) => {
      return { instrumentId: `binance:COIN${i}-USDT`, symbol: `COIN${i}USDT`, answered: 0 };
    });
  }

  /** Commands that were acknowledged so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Opens portfolios and instruments, then begins the load. */
  async start(): Promise<void> {
    const opening = openings().map((command) => this.#sendOne(this.#sent(command)));
    await Promise.all([...opening, ...this.feeds.map((feed) => this.#register(feed))]);
    this.#run(SINGLE_CLIENTS, () => this.#sendOne(this.#command()));
    this.#run(BATCH_CLIENTS, () => {
      const length = this.#random.integer(SMALLEST_BATCH, LARGEST_BATCH);
      return this.#sendBatch(Array.from({ length }, () => this.#command()));
    });
    for (const feed of this.feeds) this.#run(1, () => this.#sendTicks(feed));
  }

  /** From now on each request goes to one of these, in turn. */
  serveAt(...urls: readonly string[]): void {
    this.#urls = urls;
    this.#serving.resolve();
  }

  /** From now on nobody sends; call it in the moment of the kill. */
  hold(): void {
    if (this.#urls.length === 0) return;
    this.#urls = [];
    this.#serving = Promise.withResolvers();
  }

  /** After the kill: every answer that was on its way has arrived. Gives the unanswered. */
  async settled(): Promise<readonly SentCommand[]> {
    while (this.#requests > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.throwFailure();
    return [...this.#open.values()];
  }

  /** Ends the load; resolves when everything sent is answered. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await Promise.all(this.#working);
    this.throwFailure();
  }

  /** An answer that no client can make sense of ends the load. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #run(count: number, work: () => Promise<void>): void {
    for (let i = 0; i < count; i += 1) {
      const loop = async () => {
        while (!this.#finishing && this.#failure === null) {
          await work();
          await sleep(this.#random.uniform() * this.#pace.thinkingMs);
        }
      };
      this.#working.push(
        loop().catch((error: unknown) => {
          this.#failure ??= error;
        }),
      );
    }
  }

  #command(): SentCommand {
    return this.#sent(madeCommand(this.#random));
  }

  #sent(command: MadeCommand): SentCommand {
    const sentAtMs = performance.now();
    const unanswered = { acknowledged: null, refusedWith: null };
    const sent = { ...command, sentAtMs, askedAtMs: sentAtMs, ...unanswered };
    this.commands.push(sent);
    this.#open.set(sent.commandId, sent);
    return sent;
  }

  async #register({ instrumentId, symbol }: TickFeed): Promise<void> {
    const [exchange, pair = ""] = instrumentId.split(":");
    const [base, quote] = pair.split("-");
    const steps = { priceStep: "0.01", quantityStep: "0.0001" };
    const body = JSON.stringify({ exchange, symbol, base, quote, ...steps });
    const path = `/v1/instruments/${instrumentId}/register-instrument`;
    await this.#untilAnswered(async (url) => {
      const answer = await post(url + path, { body, type: "application/json" });
      return answer.ok || (await codeOf(answer)) === "INSTRUMENT_ALREADY_REGISTERED";
    });
  }

  async #sendOne(command: SentCommand): Promise<void> {
    const { aggregate, aggregateId, type, data, commandId } = command;
    const path = `/v1/${collections[aggregate]}/${aggregateId}/${kebabCase(type)}`;
    const request = { body: JSON.stringify(data), type: "application/json", commandId };
    await this.#untilAnswered(async (url) => {
      command.askedAtMs = performance.now();
      const answer = await post(url + path, request);
      return this.#take(command, answer.status, JSON.parse(await answer.text()));
    });
  }

  async #sendBatch(commands: readonly SentCommand[]): Promise<void> {
    await this.#untilAnswered(async (url) => {
      const asked = commands.filter(({ acknowledged }) => acknowledged === null);
      for (const command of asked) command.askedAtMs = performance.now();
      const body = asked.map((one) => JSON.stringify(batchLine(one))).join("\n");
      const answer = await post(`${url}/v1/commands`, { body, type: "application/x-ndjson" });
      if (!answer.ok) return mustRetry(answer.status, await answer.text());
      let answered = 0;
      for await (const line of linesOf(answer)) {
        const result = JSON.parse(line);
        const status = result.outcome === "accepted" ? 200 : result.status;
        this.#take(asked[answered] as SentCommand, status, result);
        answered += 1;
      }
      return asked.every(({ acknowledged }) => acknowledged !== null);
    });
  }

  /** False: it is to be sent again. */
  #take(command: SentCommand, status: number, answer: Answer): boolean {
    const isRefusal = status === 404 || (status === 422 && answer.code !== "COMMAND_ID_REUSED");
    if (status > 201 && !isRefusal) return mustRetry(status, JSON.stringify(answer));
    const { version = 0, events = [] } = answer;
    const eventIds = events.map(({ id }) => id);
    this.#answered += 1;
    command.refusedWith = isRefusal ? String(answer.code) : null;
    command.acknowledged = { atMs: performance.now(), version, eventIds };
    this.#open.delete(command.commandId);
    return true;
  }

  async #sendTicks(feed: TickFeed): Promise<void> {
    const { ticksPerRequest } = this.#pace;
    const first = feed.answered + 1;
    const ids = Array.from({ length: ticksPerRequest }, (_, i) => first + i);
    const body = ids.map((id) => JSON.stringify(tick(feed.symbol, id))).join("\n");
    await this.#untilAnswered(async (url) => {
      const path = "/v1/market/ticks?source=backfill";
      const answer = await post(url + path, { body, type: "application/x-ndjson" });
      const text = await answer.text();
      if (!answer.ok) return mustRetry(answer.status, text);
      const { accepted, duplicates } = JSON.parse(text);
      if (accepted + duplicates !== ticksPerRequest) throw new Error(`ticks: ${text}`);
      feed.answered += ticksPerRequest;
      return true;
    });
  }

  /** Sends until an answer has come; a broken connection is none. */
  async #untilAnswered(send: (url: string) => Promise<boolean>): Promise<void> {
    for (;;) {
      while (this.#urls.length === 0) await this.#serving.promise;
      this.#turn += 1;
      const url = this.#urls[this.#turn % this.#urls.length] as string;
      this.#requests += 1;
      try {
        if (await send(url)) return;
      } catch (error) {
        if (!isBroken(error)) throw error;
      } finally {
        this.#requests -= 1;
        if (this.#requests === 0) this.#idle?.();
      }
      await sleep(RETRY_AFTER_MILLISECONDS);
    }
  }
}

interface Answer {
  readonly version?: number;
  readonly events?: readonly { readonly id: string }[];
  readonly code?: string;
}

/** The same id is always the same tick, so that what is sent again is a duplicate. */
function tick(symbol: string, id: number): object {
  const price = (1_000 + 50 * Math.sin(id / 700) + (id % 13) / 100).toFixed(2);
  const volume = (0.1 + (id % 7) / 10).toFixed(4);
  const timestamp = FIRST_TICK_MS + id * TICK_STEP_MS;
  return { exchange: "binance", symbol, price, volume, timestamp, tradeId: id };
}

function batchLine({ aggregate, aggregateId, type, data, commandId }: SentCommand): object {
  return { aggregate, id: aggregateId, type, data, commandId };
}

function kebabCase(type: string): string {
  return type.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

interface Post {
  readonly body: string;
  readonly type: string;
  readonly commandId?: string;
}

function post(url: string, { body, type, commandId }: Post): Promise<Response> {
  const key = commandId === undefined ? {} : { "Idempotency-Key": commandId };
  return fetch(url, { method: "POST", headers: { "Content-Type": type, ...key }, body });
}

async function codeOf(answer: Response): Promise<unknown> {
  return JSON.parse(await answer.text()).code;
}

function mustRetry(status: number, text: string): false {
  if (status !== 503 && status !== 429) throw new Error(`answered ${status}: ${text}`);
  return false;
}

/** Lines as they arrive; the last one only when it is whole. */
async function* linesOf(answer: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of answer.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** What `fetch` throws when the other side is gone or goes while it answers. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined;
}
