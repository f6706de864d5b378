import { within } from "../../platform/lifecycle/within.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { registeredProjection } from "../../projections/registry.ts";
import { sharingGroup } from "../../projections/runner/share.ts";
import { type StorePlace, serverOf } from "../../projections/stores.ts";
import type { Feeders } from "../../query-api/projections/parts.ts";

/** Who asks often gets the same answer for so long: a console asks once a second, a rebuild twice. */
const FRESH_MILLISECONDS = 1_000;
/** Beyond it an answer does without. */
const ANSWERED_WITHIN_MILLISECONDS = 2_000;

/** Who only asks is no member. */
const ASKING = { address: "", publicKey: "" };

type FedBy = ReadonlyMap<PartitionKey, string>;

/** Tells which processes feed a generation, where Kafka knows: where several share it. */
export function openFeeders(place: StorePlace, kafka: KafkaPlace | null, logger: Logger): Feeders {
  const known = new Map<string, { readonly atMs: number; readonly fedBy: Promise<FedBy> }>();
  return async (projection, generation) => {
    const isShared = serverOf(registeredProjection(projection), place.servers) !== null;
    if (kafka === null || !isShared) return null;
    const group = sharingGroup(projection, generation);
    const before = known.get(group);
    const nowMs = performance.now();
    const isFresh = before !== undefined && nowMs - before.atMs < FRESH_MILLISECONDS;
    const fedBy = isFresh
      ? before.fedBy
      : within(ANSWERED_WITHIN_MILLISECONDS, late, ask(kafka, group, logger));
    if (!isFresh) known.set(group, { atMs: nowMs, fedBy });
    try {
      return await fedBy;
    } catch (error) {
      logger.warn({ err: error, projection, generation }, "who feeds it cannot be told now");
      return null;
    }
  };
}

/** While partitions are being shared out they are nobody's. */
async function ask({ settings }: KafkaPlace, group: string, logger: Logger): Promise<FedBy> {
  const onShared = () => undefined;
  const parts = { settings, group, topics: [], contact: ASKING, onShared, logger };
  const { PartitionGroup } = await import("../../platform/log/kafka/partition-group.ts");
  const view = await new PartitionGroup(parts).view();
  const owners = [...(view?.owners ?? [])];
  return new Map(owners.map(([partition, { address }]) => [partition, address]));
}

function late(): Error {
  return new Error(`Kafka does not answer within ${ANSWERED_WITHIN_MILLISECONDS} ms`);
}
