import type { Positions } from "../../platform/log/log.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import type { ParkingOrders } from "../../projections/runner/parking.ts";
import type { Cut } from "./cut.ts";
import type { Moment } from "./moment.ts";

/** What the thread is started with. It holds logins: never log it. */
export interface PastThread {
  readonly log: LogPlace;
  /** Where the generations are made that it builds. */
  readonly folder: string;
}

export interface CutTask {
  readonly type: "cut";
  readonly topics: readonly string[];
  readonly moment: Moment;
  readonly skewMs: number;
}

export interface BuildTask {
  readonly type: "build";
  readonly projection: string;
  readonly generation: number;
  /** Where the log ends for it. */
  readonly ends: Positions;
  /** Events that are left out, of the one that it goes on from, too. */
  readonly discarded: ParkingOrders["discarded"];
  /** A generation of an earlier moment, from whose rows it goes on; `null`: from the beginning. */
  readonly goingOnFrom: number | null;
}

export type Task = CutTask | BuildTask;

export interface Asked {
  readonly id: number;
  readonly task: Task;
}

export type Told =
  | { readonly id: number; readonly type: "records"; readonly applied: number }
  | { readonly id: number; readonly type: "cut"; readonly cut: Cut }
  | { readonly id: number; readonly type: "built" }
  | {
      readonly id: number;
      readonly type: "failed";
      readonly code: string;
      readonly detail: string;
    };
