import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { logPlace } from "../cli/log-place.ts";
import { readConfig } from "../platform/config/config.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import { ServedProcess } from "../test/chaos/served-process.ts";
import { freePort } from "../test/real/free-port.ts";
import { EVENTS_OF_A_PORTFOLIO, fillWithDeposits, portfolio, portfolioId } from "./deposit-log.ts";
import { quantile, send } from "./http-load.ts";
import { partitionsOf } from "./lives.ts";
import type { Figure, Section } from "./report.ts";
import { BenchServers } from "./servers.ts";

/** What is set otherwise than usual. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "usual settings": {},
  "CH_KAFKA_SESSION_MS=1500": { CH_KAFKA_SESSION_MS: "1500" },
};
const ROUNDS = 5;
const AGAIN_MILLISECONDS = 20;
const GIVEN_UP_MILLISECONDS = 60_000;

type Environment = Readonly<Record<string, string>>;

/**
 * Two command sides on one Kafka, whose log has `events` already; one is killed (SIGKILL), and the
 * other is asked for a command of each partition until it takes it. It takes as long as the last.
 */
export async function measureFailOver(events: number): Promise<Section> {
  const servers = await BenchServers.start(["kafka", "registry"]);
  try {
    const common = {
      ...servers.environment(),
      CH_KAFKA_TOPIC_PREFIX: `bench-${process.pid}.`,
      CH_LOG_LEVEL: "error",
      CH_PROCESS_MANAGERS: "none",
    };
    await fillWithDeposits(logPlace(readConfig(common)), events);
    const figures: Figure[] = [];
    for (const [name, more] of Object.entries(SETTINGS)) {
      const seconds = await measureRounds(servers, { ...common, ...more });
      figures.push(
        { name: `longest of ${ROUNDS}, ${name}`, value: seconds.at(-1) ?? Number.NaN, unit: "s" },
        { name: "  half of them within", value: quantile(seconds, 0.5), unit: "s" },
      );
    }
    return {
      name: "fail-over",
      figures,
      remarks: [`From SIGKILL to commands of all partitions; ${events} events in the log before.`],
    };
  } finally {
    await servers.remove();
  }
}

/** Ascending. */
async function measureRounds(servers: BenchServers, environment: Environment): Promise<number[]> {
  const sides = [await start(servers, environment), await start(servers, environment)];
  const seconds: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [killed, survivor] = sides as [ServedProcess, ServedProcess];
      await takenByAll(survivor.url);
      const killedMs = performance.now();
      await killed.end();
      await takenByAll(survivor.url);
      seconds.push((performance.now() - killedMs) / 1000);
      sides.splice(0, 2, survivor, await start(servers, environment));
    }
  } finally {
    for (const side of sides) await side.end();
  }
  return seconds.toSorted((one, two) => one - two);
}

/** Resolves when it has its share. */
async function start(servers: BenchServers, environment: Environment): Promise<ServedProcess> {
  const port = await freePort();
  const name = `command-side-${port}`;
  const folder = servers.folderFor(name);
  const side = new ServedProcess({ name, part: "command-side", folder, port, environment });
  await side.ready();
  return side;
}

/** A deposit into a portfolio of each partition. */
async function takenByAll(url: string): Promise<void> {
  await Promise.all(oneOfEachPartition().map((id) => taken(url, id)));
}

function oneOfEachPartition(): readonly string[] {
  const partitions = partitionsOf(portfolio.topic);
  const found = new Map<number, string>();
  for (let number = 0; found.size < partitions && number < EVENTS_OF_A_PORTFOLIO; number += 1) {
    const id = portfolioId(number);
    found.set(partitionOf(id, partitions), id);
  }
  return [...found.values()];
}

/** As a client does: the same command again, until it is taken. */
async function taken(url: string, id: string): Promise<void> {
  const commandId = uuid();
  const data = { asset: "USDT", amount: "1", unitCost: null, externalReference: commandId };
  const deadlineMs = performance.now() + GIVEN_UP_MILLISECONDS;
  for (;;) {
    try {
      await send(url, {
        method: "POST",
        path: `/v1/portfolios/${id}/deposit-funds`,
        body: JSON.stringify(data),
        headers: { "Idempotency-Key": commandId },
      });
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(AGAIN_MILLISECONDS);
    }
  }
}
