import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type SnapshotSettings, startCommandSide } from "../command-side/main.ts";
import { snapshotVersion } from "../command-side/snapshots/state-chunks.ts";
import { openSqliteSnapshots } from "../platform/snapshots/sqlite-snapshot-store.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { metricsRegistry } from "../platform/telemetry/metrics.ts";
import { EVENTS_OF_A_PORTFOLIO, fillWithDeposits, portfolio } from "./deposit-log.ts";
import { openLogAlone, partitionsOf } from "./lives.ts";
import type { Figure, Section } from "./report.ts";

const { topic } = portfolio;
const PARTITIONS = partitionsOf(topic);
const SNAPSHOTS_WITHIN_MILLISECONDS = 600_000;

/**
 * What a start costs: the log of `events` deposits is folded whole, its snapshots are written, and
 * the next start begins with them. The deposits are written into the log as an owner would have,
 * without deciding each.
 */
export async function measureRestart(events: number): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-restart-"));
  try {
    await fillWithDeposits({ folder, kafka: null }, events);
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

/** From opened to serving, in seconds; `before`: what is waited for before it ends. */
async function startTime(
  folder: string,
  snapshots: SnapshotSettings,
  before: () => Promise<void> = async () => undefined,
): Promise<number> {
  const { log, codec, close } = await openLogAlone({ folder, kafka: null });
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
