import { PlatformError } from "../../platform/errors/catalogue.ts";
import { lockFolder } from "../../platform/lifecycle/folder-lock.ts";
import { StackError } from "./stack-error.ts";

/** Does something to a stack while no other command does. */
export async function withStackLocked<T>(folder: string, step: () => Promise<T>): Promise<T> {
  const lock = lockStack(folder);
  try {
    return await step();
  } finally {
    lock.release();
  }
}

function lockStack(folder: string) {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== "FOLDER_LOCKED") throw error;
    throw new StackError(
      `another command changes this stack: process ${error.facts?.["pid"]}`,
      `locking ${folder}`,
      "wait for its end, then run the same command again",
    );
  }
}
