import type { z } from "zod";
import { parkedAnswer } from "../../query-api/projections/answers.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Session } from "../session.ts";

type Parked = z.output<typeof parkedAnswer>;
export type ParkedStream = Parked["streams"][number];
export type DiscardedEvent = Parked["discarded"][number];

/** What is parked of a projection, and what it leaves out for good; of one stream where one is named. */
export async function getParked(session: Session, name: string, stream?: string): Promise<Parked> {
  const asked = stream === undefined ? "" : `?stream=${encodeURIComponent(stream)}`;
  const { data } = await session.query(
    `/v1/projections/${encodeURIComponent(name)}/parked${asked}`,
  );
  return parkedAnswer.parse(data);
}

/** Those that are parked; it is a failure where there is none. */
export async function parkedStreams(
  session: Session,
  { name, stream, generation }: { name: string; stream: string; generation: number | undefined },
): Promise<readonly ParkedStream[]> {
  const { streams } = await getParked(session, name, stream);
  const wanted = streams.filter((one) => generation === undefined || one.generation === generation);
  if (wanted.length > 0) return wanted;
  const where = generation === undefined ? name : `generation ${generation} of ${name}`;
  throw new Failure(exitCodes.notFound, {
    failed: `nothing was done with ${stream}`,
    error: `${where} has no such stream parked`,
    tried: "what its projectors have put on record",
    todo: `see what is parked with: cipherhorizon parked list ${name}`,
  });
}

/** Every generation names the partition by its topic, in which the stream has events of its own. */
export function placeOf({ generation, partition, stream }: ParkedStream) {
  return { generation, partition, stream };
}
