import type { CommandOutcome } from "../../command-side/gateway.ts";
import type { PlannedCommand } from "../../command-side/process-managers/manager.ts";
import type { Start } from "../../command-side/process-managers/process-store.ts";
import type { StartWish } from "../../command-side/process-managers/starts.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import type { PartitionProgress } from "../../projections/runner/progress.ts";
import type { RunEnd } from "../../projections/runner/runner.ts";
import type { StorePlace } from "../../projections/stores.ts";

/** What a manager's thread is started with. Its addresses hold logins: never log it. */
export interface ManagerJob {
  readonly place: StorePlace;
  readonly log: LogPlace;
  /** A name in the registry of process managers. */
  readonly manager: string;
  readonly wish: StartWish;
}

export type FromManager =
  /** Its store is there; `starts` are those put on record now. */
  | { readonly type: "started"; readonly starts: readonly Start[] }
  | {
      readonly type: "submit";
      readonly number: number;
      readonly command: PlannedCommand;
      readonly actor: string;
    }
  | {
      readonly type: "progress";
      readonly partitions: readonly PartitionProgress[];
      readonly outboxSize: number;
    }
  | {
      readonly type: "trouble";
      /** `null`: it is of none. */
      readonly partition: PartitionKey | null;
      /** `null`: it is over. */
      readonly trouble: string | null;
    }
  | { readonly type: "warning"; readonly text: string; readonly facts: Record<string, unknown> }
  | { readonly type: "ended"; readonly end: RunEnd };

export type ToManager =
  | { readonly type: "answer"; readonly number: number; readonly outcome: CommandOutcome }
  | { readonly type: "stop" };
