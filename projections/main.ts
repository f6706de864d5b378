import type { EventReader } from "../platform/codec/codec.ts";
import type { LogReader } from "../platform/log/log.ts";
import type { LogPlace } from "../platform/log/places.ts";
import type { Logger } from "../platform/telemetry/logger.ts";
import {
  logVoidEventsTotal,
  projectionApplyDurationSeconds,
  projectionEventsTotal,
  projectionGapEvents,
  projectionLagSeconds,
  projectionParkedStreams,
  projectionPartitionsFed,
  visibilityDurationSeconds,
} from "../platform/telemetry/metrics.ts";
import { registeredProjection } from "./registry.ts";
import type { OperationsPort } from "./runner/operations.ts";
import type { Applied } from "./runner/partition-feeder.ts";
import { type FedGeneration, type GenerationStatus, Supervisor } from "./runner/supervisor.ts";
import { GenerationDropper, type StorePlace } from "./stores.ts";

export interface ProjectionsParts {
  /** Of those that this process feeds; those of other processes are left alone. */
  readonly names: readonly string[];
  readonly place: StorePlace;
  readonly logPlace: LogPlace;
  readonly log: LogReader;
  readonly codec: EventReader;
  /** The command side's gateway, in this process or over HTTP. */
  readonly operations: OperationsPort;
  /** How long a replaced generation is fed on. */
  readonly graceMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

export interface Projections {
  /** Every generation that is not over, with its progress. */
  status(): readonly GenerationStatus[];
  /** Brings the gauges up to date, before they are read. */
  updateMetrics(): void;
  /** Finishes the batches under way. */
  stop(): Promise<void>;
}

/** Feeds the generations of the projections named, each in a thread of its own. */
export function startProjections(parts: ProjectionsParts): Projections {
  const { place, names, ...others } = parts;
  const supervisor = new Supervisor({
    ...others,
    stores: new GenerationDropper(place),
    projections: names.map((name) => registeredProjection(name).projection),
    onApplied: (fed, applied) => measure(fed, applied, parts.clock()),
  });
  return {
    status: () => supervisor.status(),
    updateMetrics: () => updateMetrics(supervisor.status(), parts.clock()),
    stop: () => supervisor.stop(),
  };
}

function measure(fed: FedGeneration, applied: Applied, nowMs: number): void {
  const { projection } = fed;
  const [topic = ""] = applied.partition.split("/");
  projectionEventsTotal.inc({ projection }, applied.events);
  projectionApplyDurationSeconds.observe({ projection }, applied.writeMs / 1000);
  if (applied.voidEvents > 0) logVoidEventsTotal.inc({ topic }, applied.voidEvents);
  const isNew = applied.events > 0 && applied.released.length === 0;
  if (fed.phase !== "live" || !fed.caughtUp || !isNew) return;
  const seconds = Math.max(0, nowMs - applied.recordedAtMs) / 1000;
  visibilityDurationSeconds.observe({ projection }, seconds);
}

function updateMetrics(statuses: readonly GenerationStatus[], nowMs: number): void {
  for (const { projection, phase, partitions: all } of statuses) {
    if (phase !== "live") continue;
    // What other processes feed is in their metrics: a sum over all processes is right.
    const partitions = all.filter(({ isFedHere }) => isFedHere);
    const behind = partitions.filter(({ position, end }) => position < end);
    const gapEvents = behind.reduce((sum, { position, end }) => sum + end - position, 0);
    const oldestMs = Math.min(nowMs, ...behind.map(({ recordedAtMs }) => recordedAtMs || nowMs));
    const parked = partitions.reduce((sum, one) => sum + one.parked.length, 0);
    projectionGapEvents.set({ projection }, gapEvents);
    projectionLagSeconds.set({ projection }, (nowMs - oldestMs) / 1000);
    projectionParkedStreams.set({ projection }, parked);
    projectionPartitionsFed.set({ projection }, partitions.length);
  }
}
