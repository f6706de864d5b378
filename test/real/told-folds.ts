import type { SpawnedPlatform } from "../platform-process.ts";

/** How a process has folded a partition, as its own log tells (`CH_LOG_LEVEL=debug`). */
export interface ToldFold {
  readonly partition: number;
  /** The position of the snapshot that it began with; 0: it had none. */
  readonly snapshot: number;
  /** Positions that were read from the log. */
  readonly read: number;
}

/** Call it before the process says anything; gives the first fold of each partition so far. */
export function toldFolds({ child }: SpawnedPlatform, topic: string): () => readonly ToldFold[] {
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text += String(chunk);
  });
  return () => {
    const lines = text.split("\n").filter((line) => line.includes("a partition was folded"));
    const folds = lines.map((line) => JSON.parse(line)).filter((fold) => fold.topic === topic);
    const first = Map.groupBy(folds, ({ partition }) => partition);
    return [...first.values()].map(([fold]) => fold).sort((a, b) => a.partition - b.partition);
  };
}
