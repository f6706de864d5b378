import type { CommandSender } from "./command-sender.ts";
import type { Feeding } from "./feeding.ts";
import type { Generation } from "./generations.ts";
import type { GenerationCommand } from "./operations.ts";
import type { ParkedRecord, ParkedStreams } from "./parked-streams.ts";
import type { ParkedNow, PartitionProgress } from "./progress.ts";
import { recordText } from "./record-text.ts";

/**
 * Brings `operations.events` in line with what the read store has parked, in the partitions that
 * this process feeds; call it often. The store comes first, so what was not recorded is so later.
 */
export function reportParked(
  { projection, generation }: Generation,
  parts: {
    readonly feeding: Pick<Feeding, "partitions" | "end">;
    readonly known: ParkedStreams;
    readonly sender: CommandSender;
  },
): void {
  const { feeding, known, sender } = parts;
  // Another may feed it by now; save where there is too much parked for anybody to go on.
  if (feeding.end !== null && feeding.end.reason !== "too_many_parked") return;
  const send = (about: Place, command: GenerationCommand) => {
    const text = JSON.stringify([known.version, about.partition, about.stream]);
    sender.send({ projection, generation, about: text, command });
  };
  const discarded = known.leftOutOf(projection);
  const records = known.of(projection, generation);
  for (const { partition, parked, position } of feeding.partitions.filter(isKnown)) {
    const recorded = records.filter((one) => one.partition === partition);
    for (const stream of parked) {
      const record = recorded.find((one) => one.stream === stream.stream);
      // It goes on behind the event by itself.
      const isGivenUp = discarded.get(partition)?.includes(stream.position) ?? false;
      if (isGivenUp || isRecorded(stream, record)) continue;
      send({ partition, ...stream }, parkedCommand({ generation, partition }, stream, record));
    }
    for (const { stream, releases } of recorded) {
      if (parked.some((one) => one.stream === stream)) continue;
      const data = { generation, partition, stream, releases, through: position };
      send({ partition, stream }, { type: "RecordReleasedStream", data });
    }
  }
}

type Place = Pick<ParkedRecord, "partition" | "stream">;

function isKnown({ isParkedKnown }: PartitionProgress): boolean {
  return isParkedKnown;
}

/** While it is being released it stands at many places, until that has come to nothing. */
function isRecorded(parked: ParkedNow, record: ParkedRecord | undefined): boolean {
  if (record === undefined) return false;
  if (!record.isReleasing) return record.position === parked.position;
  return parked.orderInVain !== record.releases;
}

function parkedCommand(
  of: Pick<ParkedRecord, "generation" | "partition">,
  { stream, position, sequence, reason }: ParkedNow,
  record: ParkedRecord | undefined,
): GenerationCommand {
  const { generation, partition } = of;
  const facts = { position, sequence, reason: recordText(reason), releases: record?.releases ?? 0 };
  return { type: "RecordParkedStream", data: { generation, partition, stream, ...facts } };
}
