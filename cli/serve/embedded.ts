import type { Config } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { startPlatform } from "./platform.ts";

/** The whole platform in this process, on a port that the system chooses. */
export interface Embedded {
  readonly address: string;
  close(): Promise<void>;
}

/** For verbs that find no server: their own work is what they print, so the platform is quiet. */
export async function startEmbedded(config: Config): Promise<Embedded> {
  const platform = await startPlatform({
    config,
    parts: ["command-side", "projections", "query-api"],
    logger: createLogger("warn"),
    port: 0,
  });
  return {
    address: platform.url,
    close: async () => {
      await platform.stop();
    },
  };
}
