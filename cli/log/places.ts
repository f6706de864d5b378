import { existsSync, readdirSync } from "node:fs";
import type { Config } from "../../platform/config/config.ts";
import { lockFolder } from "../../platform/lifecycle/folder-lock.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

/** The data folder of the embedded log; `failed` is what cannot be done with one on Kafka. */
export function embeddedFolder(config: Config, failed: string): string {
  if (config.kafkaBrokers === null) return config.dataFolder;
  throw new Failure(exitCodes.config, {
    failed,
    error: "the log is on Kafka, and this is for the log of a data folder",
    tried: "CH_KAFKA_BROKERS, which is set",
    todo: "carry a log on Kafka with: cipherhorizon log export",
  });
}

/** Uses an empty folder alone; what a run that was broken off has left must be removed first. */
export async function inEmptyFolder<T>(folder: string, use: () => Promise<T>): Promise<T> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Failure(exitCodes.conflict, {
      failed: "a log was not put into the folder",
      error: "the folder is not empty",
      tried: folder,
      todo: "name an empty folder, or a new one, with --data",
    });
  }
  const lock = lockFolder(folder);
  try {
    return await use();
  } finally {
    lock.release();
  }
}
