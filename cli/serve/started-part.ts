import type { ReadinessCheck } from "../../platform/http/health.ts";
import type { Route } from "../../platform/http/route.ts";
import type { ShutdownStep } from "../../platform/lifecycle/shutdown.ts";

/** What a part adds to the process. */
export interface StartedPart {
  readonly routes: readonly Route[];
  readonly checks: readonly ReadinessCheck[];
  readonly updateMetrics?: () => void | Promise<void>;
  /** Ends what would keep HTTP from draining. */
  readonly beforeDrain: readonly ShutdownStep[];
  readonly afterDrain: readonly ShutdownStep[];
}
