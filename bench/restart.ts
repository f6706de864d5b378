import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { portfolio as definition } from "../command-side/contexts/portfolio/portfolio/index.ts";
import { type SnapshotSettings, startCommandSide } from "../command-side/main.ts";
import { snapshotVersion } from "../command-side/snapshots/state-chunks.ts";
import { topics } from "../kafka-topics/topics.ts";
import type { EventCodec } from "../platform/codec/codec.ts";
import type { Event } from "../platform/kernel/decider.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import type { Log, Reign } from "../platform/log/log.ts";
import { openLogWriting } from "../platform/log/places.ts";
import { openSqliteSnapshots } from "../platform/snapshots/sqlite-snapshot-store.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { metricsRegistry } from "../platform/telemetry/metrics.ts";
import type { Figure, Section } from "./report.ts";

/** As the registry has it: commands and states of any aggregate. */
const portfolio: AggregateDefinition = definition;
const EVENTS_OF_A_PORTFOLIO = 1_000;
const NOW_MS = Date.now();
const { topic } = portfolio;
const PARTITIONS = topics.find((one) => one.topic === topic)?.partitions ?? 0;
const SNAPSHOTS_WITHIN_MILLISECONDS = 600_000;
const COMMAND_HASH = "0".repeat(64);

/**
 * What a start costs: the log of `events` deposits is folded whole, its snapshots are written, and
 * the next start begins with them. The deposits are written into the log as an owner would have,
 * without deciding each.
 */
export async function measureRestart(events: number): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-restart-"));
  try {
    await fillLog(folder, events);
    const store = openSqliteSnapshots(folder);
    const settings = { store, everyEvents: 1 };
    const whole = await startTime(folder, settings, untilWritten);
    const { seconds: writing, bytes } = await written(store);
    const after = await startTime(folder, settings);
    await store.close();
    const speed: Figure = { name: "  events folded", value: events / whole, unit: "events/s" };
    return {
      name: "restart",
      figures: [
        { name: `start without snapshots, ${events} events`, value: whole, unit: "s" },
        speed,
        { name: "  writing the snapshots of all partitions", value: writing, unit: "s" },
        { name: "  their size, an event", value: bytes / events, unit: "bytes" },
        {
          name: "start with snapshots",
          value: after,
          unit: "s",
          against: { name: "the start without", ratio: after / whole },
        },
      ],
      remarks: [
        `${events / EVENTS_OF_A_PORTFOLIO} portfolios of ${EVENTS_OF_A_PORTFOLIO} deposits each; the ` +
          "start is that of the command side: claims, folding, and the window of command ids.",
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fillLog(folder: string, events: number): Promise<void> {
  const { log, codec, close } = await openLogWriting({ folder, kafka: null }, topics);
  const life = lifeOfOne();
  const writers = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => Writer.claim({ log, codec, partition })),
  );
  for (let number = 0; number < events / EVENTS_OF_A_PORTFOLIO; number += 1) {
    const aggregateId = `bench-${number}`;
    await writers[partitionOf(aggregateId, PARTITIONS)]?.append(aggregateId, life);
  }
  await close();
}

/** Of every portfolio the same: its id stands in no event. */
function lifeOfOne(): readonly Event[] {
  const { decider } = portfolio;
  let state = decider.initialState();
  const opened = { name: "Bench", baseCurrency: "USDT", costMethod: "average", traderId: null };
  const commands = Array.from({ length: EVENTS_OF_A_PORTFOLIO - 1 }, (_, number) => {
    const funds = { asset: "USDT", amount: decimal("1000.5"), unitCost: null };
    return { type: "DepositFunds", data: { ...funds, externalReference: `deposit-${number}` } };
  });
  return [{ type: "OpenPortfolio", data: opened }, ...commands].flatMap((command) => {
    const context = { nowMs: NOW_MS, aggregateId: "bench", actor: "bench" };
    const more = { authority: "all", facts: null, view: null } as const;
    const decision = decider.decide(state, command, { ...context, ...more });
    if (decision.outcome === "refused") throw new Error(decision.refusal.detail);
    for (const event of decision.events) state = decider.evolve(state, event);
    return decision.events;
  });
}

/** Writes whole lives into one partition. */
class Writer {
  readonly #parts: { readonly log: Log; readonly codec: EventCodec };
  readonly #reign: Reign;
  #end: number;

  private constructor(parts: { log: Log; codec: EventCodec }, reign: Reign) {
    this.#parts = parts;
    this.#reign = reign;
    this.#end = reign.epoch + 1;
  }

  static async claim(parts: { log: Log; codec: EventCodec; partition: number }): Promise<Writer> {
    const { log, codec, partition } = parts;
    const claim = codec.encodeClaim(topic, "bench", NOW_MS);
    return new Writer(parts, await log.claim({ topic, partition }, claim));
  }

  async append(aggregateId: string, events: readonly Event[]): Promise<void> {
    const { log, codec } = this.#parts;
    const records = events.map((event, index) => {
      const commandId = uuid();
      const ids = { eventId: uuid(), commandId, correlationId: commandId, causationId: null };
      const place = { sequence: index + 1, epoch: this.#reign.epoch, causationPosition: null };
      const command = { commandIndex: 0, commandEvents: 1, commandHash: COMMAND_HASH };
      const who = { aggregateId, actor: "bench", traceparent: null };
      return codec.encode(topic, event, { ...ids, ...place, ...command, ...who });
    });
    const result = await log.append(this.#reign, this.#end, records);
    if (result.outcome !== "appended") throw new Error(`not appended: ${result.outcome}`);
    this.#end += records.length;
  }
}

/** From opened to serving, in seconds; `before`: what is waited for before it ends. */
async function startTime(
  folder: string,
  snapshots: SnapshotSettings,
  before: () => Promise<void> = async () => undefined,
): Promise<number> {
  const { log, codec, close } = await openLogWriting({ folder, kafka: null }, topics);
  const started = performance.now();
  const logger = createLogger("error");
  const side = await startCommandSide({ log, codec, logger, clock: Date.now, snapshots });
  const seconds = (performance.now() - started) / 1000;
  await before();
  await side.stop();
  await close();
  return seconds;
}

async function untilWritten(): Promise<void> {
  const deadline = performance.now() + SNAPSHOTS_WITHIN_MILLISECONDS;
  while ((await metricOf("snapshot_write_duration_seconds", "_count")) < PARTITIONS) {
    if (performance.now() > deadline) throw new Error("the snapshots were not written in time");
    await sleep(100);
  }
}

async function written(store: SnapshotSettings["store"]) {
  const seconds = await metricOf("snapshot_write_duration_seconds", "_sum");
  let bytes = 0;
  const version = snapshotVersion(portfolio);
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    bytes += (await store.newest({ topic, partition, version }, () => true))?.marker.bytes ?? 0;
  }
  return { seconds, bytes };
}

async function metricOf(name: string, suffix: string): Promise<number> {
  const metric = await metricsRegistry.getSingleMetric(name)?.get();
  const values = metric?.values ?? [];
  const wanted = values.filter((value) => {
    return "metricName" in value && value.metricName === `${name}${suffix}`;
  });
  return wanted.reduce((sum, { value }) => sum + value, 0);
}
