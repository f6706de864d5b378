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
  /** Answers that are no acceptance, by their code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of one request of commands, counted from when it was due. */
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

/** Exchanges' connections: each sends one stream of ticks of some instruments. */
const FEEDS = 4;
const FEED_WRITES_MS = 10;
/** Ticks of one write of a feed that has fallen behind. */
const TICKS_OF_WRITE = 2_000;
/** What a feed lets wait in its own process before it holds back. */
const FEED_BUFFER_BYTES = 1024 * 1024;
const SOCKETS = 256;
const NDJSON = { "Content-Type": "application/x-ndjson" };

const job = workerData as WriteJob;
const stopping = new AbortController();
parentPort?.once("message", () => stopping.abort());
parentPort?.postMessage(await write(job, stopping.signal));

/** Both loads until `signal`, and what was seen of them. */
async function write(job: WriteJob, signal: AbortSignal): Promise<Written> {
  const feeds = Array.from({ length: FEEDS }, (_, feed) => feedTicks(feed, job, signal));
  const commands = await sendCommands(job, signal);
  const ticksSent = (await Promise.all(feeds)).reduce((sum, sent) => sum + sent, 0);
  return { ...commands, ticksSent };
}

async function sendCommands(
  { url, commandsPerSecond, linesPerRequest }: WriteJob,
  signal: AbortSignal,
): Promise<Omit<Written, "ticksSent">> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const commands = loadCommands();
  const milliseconds: number[] = [];
  const failures: Record<string, number> = {};
  const perSecond = commandsPerSecond / linesPerRequest;
  const wish = { perSecond, count: Number.POSITIVE_INFINITY, signal };
  await atFixedRate(wish, async (_, dueAtMs) => {
    const lines = Array.from({ length: linesPerRequest }, () => nextLine(commands));
    const body = `${lines.join("\n")}\n`;
    const call = { method: "POST", path: "/v1/commands", body, headers: NDJSON } as const;
    const answer = await send(url, call, agent);
    milliseconds.push(performance.now() - dueAtMs);
    for (const code of failureCodes(answer)) failures[code] = (failures[code] ?? 0) + 1;
  });
  agent.destroy();
  const sorted = milliseconds.sort((one, two) => one - two);
  return {
    commandsSent: sorted.length * linesPerRequest,
    failures,
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

/** One long request; gives the number of ticks sent. */
async function feedTicks(feed: number, job: WriteJob, signal: AbortSignal): Promise<number> {
  const sent = request(`${job.url}/v1/market/ticks`, { method: "POST", headers: NDJSON });
  const answered = once(sent, "response");
  const instruments = instrumentsOf(feed);
  const perMs = job.ticksPerSecond / FEEDS / 1_000;
  const startedMs = performance.now();
  const firstId = Date.now();
  let ticks = 0;
  while (!signal.aborted) {
    const due = Math.floor((performance.now() - startedMs) * perMs) - ticks;
    const now = Math.min(due, TICKS_OF_WRITE);
    const lines = Array.from({ length: now }, (_, i) => {
      const instrument = instruments[(ticks + i) % instruments.length] as number;
      return `${tickText(instrument, firstId + ticks + i, Date.now())}\n`;
    });
    ticks += now;
    await written(sent, lines.join(""));
    if (due < TICKS_OF_WRITE) await sleep(FEED_WRITES_MS);
  }
  sent.end();
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  if (response.statusCode !== 200) throw new Error(`feed ${feed}: ${response.statusCode}`);
  return ticks;
}

function instrumentsOf(feed: number): number[] {
  const all = Array.from({ length: POPULATION.instruments }, (_, number) => number);
  return all.filter((number) => number % FEEDS === feed);
}

async function written(sent: ClientRequest, text: string): Promise<void> {
  sent.write(text);
  if (sent.writableLength > FEED_BUFFER_BYTES) await once(sent, "drain");
}
