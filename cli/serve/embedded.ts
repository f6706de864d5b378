import type { Config } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { startPlatform } from "./platform.ts";

/** The whole platform in this process, on a port that the system chooses. */
export interface Embedded {
  readonly address: string;
  /** Who opens the data folder may do everything in it; null: no key is needed. */
  readonly ownKey: string | null;
  close(): Promise<void>;
}

/** For verbs that find no server: their own work is what they print, so the platform is quiet. */
export async function startEmbedded(config: Config): Promise<Embedded> {
  const platform = await startPlatform({
    // Nobody else is meant to reach it.
    config: { ...config, host: "127.0.0.1" },
    parts: ["command-side", "projections", "query-api"],
    logger: createLogger("warn"),
    port: 0,
  });
  return {
    address: platform.url,
    ownKey: platform.ownKey,
    close: async () => {
      await platform.stop();
    },
  };
}
