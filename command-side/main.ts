import { hostname } from "node:os";
import type { EventCodec } from "../platform/codec/codec.ts";
import type { ReadinessCheck } from "../platform/http/health.ts";
import type { Route } from "../platform/http/route.ts";
import type { Log } from "../platform/log/log.ts";
import type { SnapshotStore } from "../platform/snapshots/snapshot-store.ts";
import type { Logger } from "../platform/telemetry/logger.ts";
import {
  commandsWaiting,
  commandWindowAgeSeconds,
  partitionsOwned,
} from "../platform/telemetry/metrics.ts";
import { batchRoute } from "./batch-route.ts";
import { commandRoutes } from "./command-routes.ts";
import { MARKET_TOPIC, type MarketData, startMarketData } from "./contexts/market-data/services.ts";
import { documentRoute } from "./contexts/strategies/document-route.ts";
import { withFacts } from "./facts.ts";
import { forwardedRoute } from "./forwarding/forwarded-route.ts";
import { Forwarder, type Peers } from "./forwarding/forwarder.ts";
import { sharedGateway } from "./forwarding/shared-gateway.ts";
import type { CommandGateway } from "./gateway.ts";
import { measured } from "./measured-gateway.ts";
import { ownerObserver, snapshotObserver } from "./observers.ts";
import { type Claimable, Owners } from "./ownership/owners.ts";
import { aggregates } from "./registry.ts";
import { SnapshotKeeper } from "./snapshots/snapshot-keeper.ts";
import { traced } from "./traced-gateway.ts";

export interface CommandSideParts {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly logger: Logger;
  readonly clock: () => number;
  /** The command sides that partitions are shared out among; without it, all are this one's. */
  readonly peers?: Peers;
  /** Left out: there are none, and every start folds the whole log. */
  readonly snapshots?: SnapshotSettings;
}

export interface SnapshotSettings {
  readonly store: SnapshotStore;
  /** Of a partition, from one snapshot to the next. */
  readonly everyEvents: number;
}

/** Serves the commands of the partitions that it owns, and hands those of others on. */
export interface CommandSide {
  readonly gateway: CommandGateway;
  readonly routes: readonly Route[];
  /** Routes that are no part of the API: where other command sides hand commands on to this one. */
  readonly internalRoutes: readonly Route[];
  readonly checks: readonly ReadinessCheck[];
  /** Brings the gauges up to date, before they are read. */
  updateMetrics(): void;
  /** Another process has claimed a partition, though nobody took it from this one. */
  hasYielded(): boolean;
  /** Takes every partition of the log. */
  begin(): Promise<void>;
  /** Takes what is its own, and releases the rest, batches under way being settled. */
  own(isMine: Claimable): Promise<void>;
  /** Folds what others write, from now on; resolves when it has folded what there is. */
  follow(): Promise<void>;
  /** Partitions were shared out anew. */
  ownersChanged(): void;
  /** Writes the snapshots that are due of what it follows. */
  writeSnapshots(): Promise<void>;
  /** Writes last snapshots of what it knows, where no others go on with its partitions. */
  stop(others?: "others go on"): Promise<void>;
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
  const owners = await openOwners(parts, marketData);
  const keeper = keeperOf(parts, owners);
  const local = withFacts(owners, aggregates, owners.fact);
  const forwarder = parts.peers === undefined ? null : new Forwarder(parts.peers);
  const shared = forwarder === null ? local : sharedGateway({ owners, local, forwarder });
  const gateway = traced(measured(shared, aggregates));
  const refresh = () => owners.catchUp(MARKET_TOPIC);
  const marketRoutes = marketData.serve({ gateway, clockGateway: local, refresh });
  return {
    gateway,
    routes: [
      ...commandRoutes(aggregates, gateway),
      batchRoute(aggregates, gateway),
      ...marketRoutes,
      documentRoute(gateway),
    ],
    internalRoutes:
      parts.peers === undefined ? [] : [forwardedRoute({ local, peers: parts.peers })],
    checks: [{ name: "owners", check: () => owners.obstacle }],
    updateMetrics: () => updateMetrics(owners, clock()),
    hasYielded: () => owners.owners().some((owner) => owner.hasYielded),
    begin: () => owners.begin(),
    own: (isMine) => owners.own(isMine),
    follow: async () => {
      owners.follow();
      await owners.catchUp();
    },
    ownersChanged: () => forwarder?.ownersChanged(),
    writeSnapshots: async () => keeper?.begin(owners.known()),
    stop: async (others) => {
      marketData.stop();
      keeper?.stop();
      const ended = await owners.end();
      await keeper?.finish(others === undefined ? ended : []);
    },
  };
}

function openOwners(parts: CommandSideParts, marketData: MarketData): Promise<Owners> {
  const { log, codec, clock, logger, snapshots } = parts;
  return Owners.open({
    log,
    codec,
    aggregates,
    owner: `${hostname()} pid ${process.pid} since ${new Date(clock()).toISOString()}`,
    clock,
    observer: ownerObserver(logger, marketData),
    onFollowingFailed: ({ message }) => logger.warn({ error: message }, "not followed"),
    ...(snapshots === undefined ? {} : { snapshots: snapshots.store }),
  });
}

function keeperOf(parts: CommandSideParts, owners: Owners): SnapshotKeeper | null {
  const { snapshots, clock, logger } = parts;
  if (snapshots === undefined) return null;
  const observer = snapshotObserver(logger);
  const keeper = new SnapshotKeeper({
    ...snapshots,
    clock,
    observer,
    owners: () => owners.owners(),
  });
  keeper.start();
  return keeper;
}

/** What this process does not own any more is not told of. */
function updateMetrics(owners: Owners, nowMs: number): void {
  for (const gauge of [partitionsOwned, commandsWaiting, commandWindowAgeSeconds]) gauge.reset();
  for (const owner of owners.owners()) {
    const { topic, partition } = owner.partition;
    const ageSeconds = owner.state.window.ageMilliseconds(nowMs) / 1000;
    partitionsOwned.inc({ topic });
    commandsWaiting.set({ topic, partition }, owner.waiting);
    commandWindowAgeSeconds.set({ topic, partition }, ageSeconds);
  }
}
