import { readdirSync } from "node:fs";
import { join } from "node:path";
import { submitAll } from "../cli/demo/take-in.ts";
import { createHttpSession } from "../cli/http-session.ts";
import { topics } from "../kafka-topics/topics.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import type { LogPlace } from "../platform/log/places.ts";
import { eventJson } from "../query-api/stream/event-json.ts";
import { eventsOf, withHistory } from "../test/history/read-history.ts";
import { runCli } from "../test/run-cli.ts";
import { untilManaged } from "./fill.ts";
import { closeCandles, founding, history, historyTicks } from "./population.ts";
import type { BenchPlatform } from "./sections.ts";

const COST_METHODS = ["average", "fifo"] as const;
const DEPOSITS = ["USDT=1000000", "BTC=0.01@9200", "BNB=100@20"];

/**
 * The population's commands, and a market: the recorded trades and fills of `CH_SAMPLE_DATA`, or a
 * made-up day where it is not set. Resolves when all that follows from it is in the log.
 */
export async function fillLog({ url, folder }: BenchPlatform): Promise<void> {
  const close = async () => {};
  const addresses = { address: url, queryAddress: url };
  const session = createHttpSession({ ...addresses, apiKey: null, isEmbedded: false, close });
  const nowMs = Date.now();
  const sample = process.env["CH_SAMPLE_DATA"];
  await submitAll(founding(), { session });
  await submitAll(history(nowMs), { session });
  if (sample) {
    await importSample(sample, folder);
  } else {
    await session.sendTicks(historyTicks(nowMs), { source: "backfill" });
    await submitAll(closeCandles(nowMs), { session });
  }
  await untilManaged(url);
}

async function importSample(sample: string, folder: string): Promise<void> {
  const pathsIn = (name: string) => {
    return readdirSync(join(sample, name)).map((file) => join(sample, name, file));
  };
  await cli(["import", "ticks", ...pathsIn("ticks"), "--register", "--data", folder]);
  const [fills = ""] = pathsIn("fills");
  for (const costMethod of COST_METHODS) {
    const opening = ["--open", "--cost-method", costMethod, "--deposit", ...DEPOSITS];
    const into = ["--portfolio", `fills-${costMethod}`, "--data", folder];
    await cli(["import", "fills", fills, ...into, ...opening]);
  }
}

async function cli(words: readonly string[]): Promise<void> {
  const run = await runCli([...words, "--json"]);
  if (run.exitCode !== 0) throw new Error(`${words.slice(0, 2).join(" ")}: ${run.stderr}`);
}

/** The events of each topic, partition by partition. */
export async function eventsByTopic(
  place: LogPlace,
): Promise<ReadonlyMap<string, readonly RecordedEvent[]>> {
  return withHistory(place, async (opened) => {
    const all = new Map<string, readonly RecordedEvent[]>();
    for (const { topic } of topics) all.set(topic, await Array.fromAsync(eventsOf(opened, topic)));
    return all;
  });
}

/** As lines of JSON, without a blank that could be left out. */
export function jsonBytesOf(events: readonly RecordedEvent[]): number {
  return events.reduce((sum, event) => {
    return sum + Buffer.byteLength(JSON.stringify(eventJson(event))) + 1;
  }, 0);
}
