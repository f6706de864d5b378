import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Kafka } from "kafkajs";
import { createRandom, type Random } from "../../cli/demo/random.ts";
import { clientConfig } from "../../platform/log/kafka/kafka-cluster.ts";
import type { Log } from "../../platform/log/log.ts";
import { logAdapters, TOPICS } from "../contracts/log/adapters.ts";
import { logFencingContract } from "../contracts/log/fencing-contract.ts";
import { kafkaSettings } from "../contracts/log/kafka-server.ts";
import { logContract } from "../contracts/log/log-contract.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { OwnStack } from "./own-stack.ts";
import { SAMPLE_SECONDS } from "./sample.ts";
import { SteadyWriter } from "./steady-writer.ts";

const NODES = 3;
const SHORTEST_CALM_MILLISECONDS = 8_000;
const LONGEST_CALM_MILLISECONDS = 20_000;
const LONGEST_ABSENCE_MILLISECONDS = 12_000;
const IN_SYNC_WITHIN_MILLISECONDS = 600_000;
const LOOK_EVERY_MILLISECONDS = 250;
const FEWEST_KILLS = 5;
/** Kafka's own topic without which nobody can claim. */
const TRANSACTIONS = "__transaction_state";
/** A call whose partition has lost its leader in that moment fails: nothing is known of it. */
const RETRIES = 4;
const LONGEST_TEST_MILLISECONDS = 300_000;

if (SAMPLE_SECONDS === null) {
  describe("three brokers, of which one is killed again and again", function () {
    this.timeout(LONGEST_TEST_MILLISECONDS);
    this.retries(RETRIES);
    const stack = new OwnStack();
    const stopping = new AbortController();
    const address = logAdapters.kafka.create();
    let killer: Promise<number> = Promise.resolve(0);
    let log: Log | null = null;
    let writers: readonly SteadyWriter[] = [];
    let writing: readonly Promise<void>[] = [];

    before(async () => {
      const random = createRandom(printedSeed());
      await stack.up(["kafka"], { kafkaNodes: NODES, freePorts: true });
      Object.assign(process.env, stack.environment(), { BROKERS_FAIL: "1" });
      log = await logAdapters.kafka.open(address, TOPICS);
      const [{ topic, partitions }] = TOPICS as [(typeof TOPICS)[number]];
      const opened = log;
      writers = Array.from({ length: partitions }, (_, partition) => {
        return new SteadyWriter(opened, { topic, partition });
      });
      writing = writers.map((writer) => writer.write(stopping.signal));
      const lasting = [...TOPICS.map(({ topic: name }) => `${address}${name}`), TRANSACTIONS];
      killer = killBrokers({ stack, random, lasting, signal: stopping.signal });
    });

    after(async () => {
      stopping.abort();
      await Promise.allSettled([killer, ...writing]);
      await log?.close();
      await stack.remove();
      for (const name of ["BROKERS_FAIL", "CH_KAFKA_BROKERS", "CH_KAFKA_REPLICATION"]) {
        delete process.env[name];
      }
    });

    logContract("kafka");
    logFencingContract("kafka");

    // A suite's own tests would run before the suites in it.
    describe("and who wrote all the time", () => {
      it("has everything there, once and in order", async () => {
        stopping.abort();
        const kills = await killer;
        await Promise.all(writing);
        for (const writer of writers) await writer.expectAll();
        const sum = (of: (writer: SteadyWriter) => number) => {
          return writers.reduce((total, writer) => total + of(writer), 0);
        };
        print(
          `${kills} kills, ${sum(({ written }) => written.length)} records; ` +
            `${sum((one) => one.unknownOutcomes)} outcomes unknown, ` +
            `${sum((one) => one.foundAfterwards)} of them in the log`,
        );
        expect(kills).to.be.at.least(FEWEST_KILLS);
      });
    });
  });
}

interface Killing {
  readonly stack: OwnStack;
  readonly random: Random;
  /** Topics that stay, while those of other tests come and go. */
  readonly lasting: readonly string[];
  readonly signal: AbortSignal;
}

/** One after another, each back and in sync before the next; gives how many there were. */
async function killBrokers({ stack, random, lasting, signal }: Killing): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    const calmMs = random.integer(SHORTEST_CALM_MILLISECONDS, LONGEST_CALM_MILLISECONDS);
    await sleep(calmMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return kills;
    const node = `kafka-${random.integer(1, NODES)}`;
    await stack.kill(node);
    await sleep(random.integer(0, LONGEST_ABSENCE_MILLISECONDS));
    await stack.up([node]);
    await untilInSync(lasting);
  }
}

async function untilInSync(topics: readonly string[]): Promise<void> {
  const deadline = performance.now() + IN_SYNC_WITHIN_MILLISECONDS;
  for (;;) {
    const missing = await notInSync(topics).catch((error: unknown) => [String(error)]);
    if (missing.length === 0) return;
    if (performance.now() > deadline) throw new Error(`not in sync: ${missing.join(", ")}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

async function notInSync(wanted: readonly string[]): Promise<readonly string[]> {
  const admin = new Kafka(clientConfig(kafkaSettings(""))).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...wanted] });
    return topics.flatMap(({ name, partitions }) => {
      return partitions.some(({ isr }) => isr.length < NODES) ? [name] : [];
    });
  } finally {
    await admin.disconnect();
  }
}
