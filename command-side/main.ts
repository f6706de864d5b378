import { hostname } from "node:os";
import type { EventCodec } from "../platform/codec/codec.ts";
import type { ReadinessCheck } from "../platform/http/health.ts";
import type { Route } from "../platform/http/route.ts";
import type { Log } from "../platform/log/log.ts";
import type { Logger } from "../platform/telemetry/logger.ts";
import {
  commandsWaiting,
  commandWindowAgeSeconds,
  logAppendBatchEvents,
  logAppendDurationSeconds,
  logVoidEventsTotal,
} from "../platform/telemetry/metrics.ts";
import { batchRoute } from "./batch-route.ts";
import { commandRoutes } from "./command-routes.ts";
import { startMarketData } from "./contexts/market-data/services.ts";
import { documentRoute } from "./contexts/strategies/document-route.ts";
import { withFacts } from "./facts.ts";
import type { CommandGateway } from "./gateway.ts";
import { measured } from "./measured-gateway.ts";
import type { OwnerObserver } from "./ownership/owner-observer.ts";
import { Owners } from "./ownership/owners.ts";
import { aggregates } from "./registry.ts";

export interface CommandSideParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly logger: Logger;
  readonly clock: () => number;
}

/**
 * Serves commands from `begin` to `end`, and may do so again. Before and between it may follow what
 * another process writes.
 */
export interface CommandSide {
  readonly gateway: CommandGateway;
  readonly routes: readonly Route[];
  readonly checks: readonly ReadinessCheck[];
  /** Brings the gauges up to date, before they are read. */
  updateMetrics(): void;
  /** Another process has claimed a partition, though nobody ended this one. */
  hasYielded(): boolean;
  /** Takes every partition of the log. */
  begin(): Promise<void>;
  /** Folds what others write, so that beginning takes a moment. */
  follow(): void;
  /** Settles the batches under way; commands that come later are refused. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

/** Opened, and begun: for who is alone. */
export async function startCommandSide(parts: CommandSideParts): Promise<CommandSide> {
  const commandSide = await openCommandSide(parts);
  await commandSide.begin();
  return commandSide;
}

export async function openCommandSide(parts: CommandSideParts): Promise<CommandSide> {
  const { log, codec, clock, logger } = parts;
  const marketData = startMarketData({ log, codec, clock, logger });
  const owner = `${hostname()} pid ${process.pid} since ${new Date(clock()).toISOString()}`;
  const observer = observerFor(logger, (events) => marketData.observe(events));
  const onFollowingFailed = ({ message }: Error) => logger.warn({ error: message }, "not followed");
  const ownersParts = { log, codec, aggregates, owner, clock, observer, onFollowingFailed };
  const owners = await Owners.open(ownersParts);
  const gateway = measured(withFacts(owners, aggregates, owners.fact), aggregates);
  const marketRoutes = marketData.serve(gateway);
  return {
    gateway,
    routes: [
      ...commandRoutes(aggregates, gateway),
      batchRoute(aggregates, gateway),
      ...marketRoutes,
      documentRoute(gateway),
    ],
    checks: [{ name: "owners", check: () => owners.obstacle }],
    updateMetrics: () => updateMetrics(owners, clock()),
    hasYielded: () => owners.owners().some((owner) => owner.hasYielded),
    begin: () => owners.begin(),
    follow: () => owners.follow(),
    end: () => owners.end(),
    stop: async () => {
      marketData.stop();
      await owners.end();
    },
  };
}

function observerFor(logger: Logger, onEvents: OwnerObserver["onEvents"]): OwnerObserver {
  return {
    onEvents,
    onAppend: ({ topic, events, seconds }) => {
      logAppendBatchEvents.observe({ topic }, events);
      logAppendDurationSeconds.observe({ topic }, seconds);
    },
    onVoidEvent: (topic) => logVoidEventsTotal.inc({ topic }),
    onTrouble: (partition, reason) => {
      if (reason === null) logger.info(partition, "the owner takes commands again");
      else logger.error({ ...partition, reason }, "the owner takes no commands");
    },
  };
}

function updateMetrics(owners: Owners, nowMs: number): void {
  for (const owner of owners.owners()) {
    const { topic, partition } = owner.partition;
    const ageSeconds = owner.state.window.ageMilliseconds(nowMs) / 1000;
    commandsWaiting.set({ topic, partition }, owner.waiting);
    commandWindowAgeSeconds.set({ topic, partition }, ageSeconds);
  }
}
