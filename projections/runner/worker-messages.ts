import type { PartitionKey } from "../../platform/log/log.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import type { GenerationVerificationProgressed } from "../../schemas/generated/operations.ts";
import type { StorePlace } from "../stores.ts";
import type { VerificationReport, VerificationTask } from "../verification/verify-generation.ts";
import type { Minded, Slowed } from "./live-watch.ts";
import type { ParkingOrders } from "./parking.ts";
import type { Applied } from "./partition-feeder.ts";
import type { PartitionProgress } from "./progress.ts";
import type { RunEnd } from "./runner.ts";

/** What a worker thread is started with. */
export interface FeedingJob {
  readonly place: StorePlace;
  readonly log: LogPlace;
  /** A name in `projections/registry.ts`. */
  readonly projection: string;
  readonly generation: number;
  /** It is not live yet. */
  readonly isBuild: boolean;
  readonly orders: ParkingOrders;
}

/** A `Trouble` as it travels between threads. */
export interface TroubleReport {
  readonly doing: string;
  readonly error: string;
  readonly attempts: number;
  readonly nextAttemptInMs: number;
}

export type FromWorker =
  /** No partition of the generation is this process's: others have them, or its lock. */
  | { readonly type: "waiting" }
  /** Some are, or all. */
  | { readonly type: "feeding" }
  | { readonly type: "applied"; readonly applied: Applied }
  | { readonly type: "progress"; readonly partitions: readonly PartitionProgress[] }
  | { readonly type: "caught-up" }
  | {
      readonly type: "trouble";
      /** `null`: it is of none. */
      readonly partition: PartitionKey | null;
      /** `null`: it is over. */
      readonly trouble: TroubleReport | null;
    }
  /** By a live generation that lags, as long as it is told; `null`: no longer. */
  | { readonly type: "slowed"; readonly slowed: Slowed | null }
  | { readonly type: "compared"; readonly progress: GenerationVerificationProgressed }
  | { readonly type: "verification"; readonly report: VerificationReport; readonly against: number }
  | { readonly type: "ended"; readonly end: RunEnd };

export type ToWorker =
  | { readonly type: "stop" }
  | { readonly type: "orders"; readonly orders: ParkingOrders }
  /** What it must not slow down; `null`: nothing. */
  | { readonly type: "mind"; readonly minded: Minded | null }
  /** One at a time; answered by `verification`. */
  | { readonly type: "verify"; readonly task: VerificationTask };
