import { z } from "zod";
import { observers } from "../../platform/access/roles.ts";
import { idField, textField } from "../../platform/fields/fields.ts";
import type { Route } from "../../platform/http/route.ts";
import { type LogReader, type PartitionKey, parsePartitionKey } from "../../platform/log/log.ts";
import type { DiscardedEvent, ParkedRecord } from "../../projections/runner/parked-streams.ts";
import { freshnessFields, freshnessOf } from "../reading/freshness.ts";
import type { ParkedPlace } from "../reading/generation-reader.ts";
import { parkedAnswer, type parkedStreamAnswer } from "./answers.ts";
import { type ProjectionsParts, storesOf } from "./parts.ts";

const ONE_RECORD = { maxRecords: 1, maxBytes: 1 };

/** Streams that were set aside, by generation, and the events that were given up. */
export function parkedRoute(parts: ProjectionsParts): Route {
  return {
    method: "GET",
    path: "/v1/projections/{name}/parked",
    operationId: "listParkedStreams",
    tag: "operations",
    summary: "Streams of a projection that are parked, and the events it leaves out for good",
    access: observers,
    pathParameters: z.strictObject({ name: idField() }),
    pathExample: { name: "portfolios" },
    query: z.strictObject({ stream: textField(256).optional() }),
    body: null,
    headers: [],
    answers: [
      {
        status: 200,
        description:
          "What is on record of every generation that is not over; `stream` asks for one alone. " +
          "`event` is what the log has at `position`, null where there is nothing any more. " +
          "`storedPosition` is where the read store has it parked now: it moves while the stream " +
          "is released, and is null where it is parked no more. `position` and `lagSeconds` of the " +
          "answer are of `operations.events`",
        contentType: "application/json",
        schema: z.object({ ...freshnessFields, data: parkedAnswer }),
      },
    ],
    handle: async (request, response) => {
      const stores = storesOf(request.path["name"] as string, parts);
      const stream = request.query["stream"];
      const isWanted = (one: { readonly stream: string }) => {
        return stream === undefined || one.stream === stream;
      };
      const positions = parts.positions();
      const { parked } = parts.generations;
      const generations = parts.generations.of(stores.name);
      const found = generations.flatMap((one) => parked.of(stores.name, one.generation));
      const streams = await described(found.filter(isWanted), { ...parts, stores });
      const discarded = parked.discardedOf(stores.name).filter(isWanted).map(discardedJson);
      const data = { streams, discarded };
      response.json({ ...(await freshnessOf(positions, parts)), data });
    },
  };
}

interface DescribedFrom {
  readonly log: LogReader;
  readonly stores: {
    parkedIn(generation: number): Promise<readonly ParkedPlace[] | null>;
  };
}

type ParkedJson = z.infer<typeof parkedStreamAnswer>;

/** Each generation's store is asked once. */
async function described(
  records: readonly ParkedRecord[],
  { log, stores }: DescribedFrom,
): Promise<ParkedJson[]> {
  const found: ParkedJson[] = [];
  for (const [generation, all] of Map.groupBy(records, (one) => one.generation)) {
    const places = (await stores.parkedIn(generation)) ?? [];
    for (const one of all) {
      const place = places.find(({ stream, partition }) => {
        return stream === one.stream && partition === one.partition;
      });
      const event = await eventAt(log, one.partition, one.position);
      found.push({ ...recordJson(one), storedPosition: place?.position ?? null, event });
    }
  }
  return found;
}

function recordJson(one: ParkedRecord): Omit<ParkedJson, "storedPosition" | "event"> {
  const { generation, partition, stream, position, sequence, reason } = one;
  return {
    ...{ generation, partition, stream, position, sequence, reason },
    since: isoTime(one.sinceMs),
    releases: one.releases,
    releasing: one.isReleasing,
    history: one.history.map(({ atMs, ...step }) => ({ at: isoTime(atMs), ...step })),
  };
}

function discardedJson({ atMs, ...event }: DiscardedEvent) {
  return { ...event, at: isoTime(atMs) };
}

/** From its headers: it may be that it cannot be decoded. */
async function eventAt(
  log: LogReader,
  partition: PartitionKey,
  position: number,
): Promise<ParkedJson["event"]> {
  const [record] = await log.read(parsePartitionKey(partition), position, ONE_RECORD);
  if (record?.position !== position) return null;
  const { ce_id: id = null, ce_type: type = null, ce_time: time = null } = record.headers;
  return { id, type, time };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
