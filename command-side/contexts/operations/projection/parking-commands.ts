import { z } from "zod";
import { textField } from "../../../../platform/fields/fields.ts";
import type { CommandDefinition } from "../../../aggregate.ts";

const generation = z.int().min(1).max(1_000_000);
const reason = textField(500);
const count = z.int().min(0);
/** `portfolio.events/0` */
const partition = z.string().regex(/^[a-z][a-z.-]{0,199}\/\d{1,6}$/, {
  error: "must be topic/partition",
});
/** An aggregate id. */
const stream = textField(256);

/** A stream of one partition, as one generation has it. */
interface StreamPlace {
  readonly generation: number;
  readonly partition: string;
  readonly stream: string;
}

export interface RecordParkedStream {
  readonly type: "RecordParkedStream";
  /** `releases`: the number of the release that came to nothing by it; 0: there was none. */
  readonly data: StreamPlace & {
    readonly position: number;
    readonly sequence: number;
    readonly reason: string;
    readonly releases: number;
  };
}

export interface ReleaseStream {
  readonly type: "ReleaseStream";
  readonly data: StreamPlace & { readonly reason: string };
}

export interface RecordReleasedStream {
  readonly type: "RecordReleasedStream";
  readonly data: StreamPlace & { readonly releases: number; readonly through: number };
}

export interface DiscardParkedEvent {
  readonly type: "DiscardParkedEvent";
  /** `position`: where whoever gives it up has seen the stream parked. */
  readonly data: StreamPlace & { readonly position: number; readonly reason: string };
}

export type ParkingCommand =
  | RecordParkedStream
  | ReleaseStream
  | RecordReleasedStream
  | DiscardParkedEvent;

const place = { generation, partition, stream };
const EXAMPLE = { generation: 1, partition: "portfolio.events/0", stream: "p-1" };

export const parkingCommands: {
  readonly [T in ParkingCommand["type"]]: CommandDefinition<Extract<ParkingCommand, { type: T }>>;
} = {
  RecordParkedStream: {
    payload: z.strictObject({
      ...place,
      position: count,
      sequence: count,
      reason,
      releases: count,
    }),
    summary: "A projector tells that it has set a stream aside, and why",
    example: { ...EXAMPLE, position: 12, sequence: 3, reason: "no such column", releases: 0 },
  },
  ReleaseStream: {
    payload: z.strictObject({ ...place, reason }),
    summary: "Apply a parked stream again, from where it is parked",
    example: { ...EXAMPLE, reason: "the projection is mended" },
  },
  RecordReleasedStream: {
    payload: z.strictObject({ ...place, releases: count, through: count }),
    summary: "A projector tells that a stream is parked no more",
    example: { ...EXAMPLE, releases: 1, through: 40 },
  },
  DiscardParkedEvent: {
    payload: z.strictObject({ ...place, position: count, reason }),
    summary: "Give up the event at which a stream is parked, in every generation from now on",
    example: { ...EXAMPLE, position: 12, reason: "written by a broken client" },
  },
};
