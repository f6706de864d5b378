import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { CommandLine } from "../cli/command-line.ts";
import { quantile, send } from "./http-load.ts";
import { loadCommands } from "./load-commands.ts";
import { atFixedRate } from "./open-loop.ts";
import { POPULATION, tickText } from "./population.ts";

export interface WriteJob {
  readonly url: string;
  readonly commandsPerSecond: number;
  readonly linesPerRequest: number;
  readonly ticksPerSecond: number;
}

/** What the senders of commands have seen; the platform's own counters tell the rates. */
export interface Written {
  readonly commandsSent: number;
  readonly ticksSent: number;
  /** What was not accepted, by the code of the answer, or by why there was none. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of one request of commands, counted from when it was due. */
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

/** Counts what was not accepted. */
type Failed = (code: string, times?: number) => void;

/** Exchanges' connections: each sends streams of ticks of some instruments. */
const FEEDS = 4;
const FEED_WRITES_MS = 10;
/** Ticks of one write of a feed that has fallen behind. */
const TICKS_OF_WRITE = 2_000;
/** What a feed lets wait in its own process before it holds back. */
const FEED_BUFFER_BYTES = 1024 * 1024;
/** How long one of its requests goes on. */
const FEED_REQUEST_MS = 1_000;
/** How long its connection may stand still. */
const FEED_WAIT_MS = 60_000;
const SOCKETS = 256;
const NDJSON = { "Content-Type": "application/x-ndjson" };

const job = workerData as WriteJob;
const stopping = new AbortController();
parentPort?.once("message", () => stopping.abort());
parentPort?.postMessage(await write(job, stopping.signal));

/** Both loads until `signal`, and what was seen of them. */
async function write(job: WriteJob, signal: AbortSignal): Promise<Written> {
  const failures: Record<string, number> = {};
  const failed: Failed = (code, times = 1) => {
    failures[code] = (failures[code] ?? 0) + times;
  };
  const feeds = Array.from({ length: FEEDS }, (_, feed) => {
    return feedTicks({ feed, ticksPerSecond: job.ticksPerSecond, url: job.url, failed }, signal);
  });
  const commands = await sendCommands(job, failed, signal);
  const ticksSent = (await Promise.all(feeds)).reduce((sum, sent) => sum + sent, 0);
  return { ...commands, failures, ticksSent };
}

async function sendCommands(
  { url, commandsPerSecond, linesPerRequest }: WriteJob,
  failed: Failed,
  signal: AbortSignal,
): Promise<Omit<Written, "failures" | "ticksSent">> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const commands = loadCommands();
  const milliseconds: number[] = [];
  const perSecond = commandsPerSecond / linesPerRequest;
  const pace = { perSecond, count: Number.POSITIVE_INFINITY, signal };
  const leftOut = await atFixedRate(pace, async (_, dueAtMs) => {
    const lines = Array.from({ length: linesPerRequest }, () => nextLine(commands));
    const body = `${lines.join("\n")}\n`;
    const call = { method: "POST", path: "/v1/commands", body, headers: NDJSON } as const;
    try {
      for (const code of failureCodes(await send(url, call, agent))) failed(code);
    } catch (error) {
      failed(`a whole request: ${(error as Error).message}`);
    }
    milliseconds.push(performance.now() - dueAtMs);
  });
  if (leftOut > 0) failed("requests left out, too many under way", leftOut);
  agent.destroy();
  const sorted = milliseconds.sort((one, two) => one - two);
  return {
    commandsSent: sorted.length * linesPerRequest,
    p50Milliseconds: quantile(sorted, 0.5),
    p99Milliseconds: quantile(sorted, 0.99),
  };
}

function nextLine(commands: Generator<CommandLine>): string {
  return JSON.stringify(commands.next().value);
}

function failureCodes(answer: string): string[] {
  const lines = answer.split("\n").filter((line) => line !== "");
  const failed = lines.filter((line) => !line.startsWith('{"outcome":"accepted"'));
  return failed.map((line) => JSON.parse(line).code ?? line);
}

interface Feed {
  readonly feed: number;
  readonly url: string;
  /** Of all feeds together. */
  readonly ticksPerSecond: number;
  readonly failed: Failed;
}

/**
 * One request after the other, each open for a while; gives the number of ticks sent. One that gets
 * no answer is a failure of the load, and the feed connects anew, as an exchange's would.
 */
async function feedTicks(
  { feed, url, ticksPerSecond, failed }: Feed,
  signal: AbortSignal,
): Promise<number> {
  const perMs = ticksPerSecond / FEEDS / 1_000;
  const startedMs = performance.now();
  const nextTicks = ticksOf(feed);
  let ticks = 0;
  const nextWrite = () => {
    const due = Math.floor((performance.now() - startedMs) * perMs) - ticks;
    const count = Math.min(due, TICKS_OF_WRITE);
    ticks += count;
    return { text: nextTicks(count), isBehind: due >= TICKS_OF_WRITE };
  };
  while (!signal.aborted) {
    await feedOnce(url, nextWrite, signal).catch(async (error: Error) => {
      failed(`a feed's request: ${error.message}`);
      await sleep(FEED_REQUEST_MS);
    });
  }
  return ticks;
}

async function feedOnce(
  url: string,
  nextWrite: () => { readonly text: string; readonly isBehind: boolean },
  signal: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + FEED_REQUEST_MS;
  const sent = openFeed(url);
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  // Told where it is waited for, or by the write that fails with it.
  answered.catch(() => undefined);
  while (!signal.aborted && performance.now() < endMs) {
    const { text, isBehind } = nextWrite();
    await written(sent, text);
    if (!isBehind) await sleep(FEED_WRITES_MS);
  }
  sent.end();
  const [response] = await answered;
  response.resume();
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
}

function openFeed(url: string): ClientRequest {
  const sent = request(`${url}/v1/market/ticks`, { method: "POST", headers: NDJSON });
  sent.setTimeout(FEED_WAIT_MS, () => sent.destroy(new Error("a feed got no answer")));
  // Between two writes nobody listens: the next one finds it.
  sent.on("error", () => undefined);
  return sent;
}

/** The next ticks of a feed's instruments in turn, as lines; their ids rise. */
function ticksOf(feed: number): (count: number) => string {
  const instruments = instrumentsOf(feed);
  const firstId = Date.now();
  let ticks = 0;
  return (count) => {
    const lines = Array.from({ length: count }, () => {
      const instrument = instruments[ticks % instruments.length] as number;
      ticks += 1;
      return `${tickText(instrument, firstId + ticks, Date.now())}\n`;
    });
    return lines.join("");
  };
}

function instrumentsOf(feed: number): number[] {
  const all = Array.from({ length: POPULATION.instruments }, (_, number) => number);
  return all.filter((number) => number % FEEDS === feed);
}

async function written(sent: ClientRequest, text: string): Promise<void> {
  if (sent.errored !== null) throw sent.errored;
  sent.write(text);
  if (sent.writableLength > FEED_BUFFER_BYTES) await once(sent, "drain");
}
