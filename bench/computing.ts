import { readdirSync, readFileSync } from "node:fs";

/** A process to look at, by its number. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
  /** Its threads have names of ours; else it counts as one, with the processes it has started. */
  readonly hasNamedThreads: boolean;
}

/** Seconds of computing since it began, by process and thread: `command-side: MainThread`. */
export type Computed = ReadonlyMap<string, number>;

/** As the kernel counts them. */
const TICKS_PER_SECOND = 100;
/** Places in `/proc/…/stat` after the name: what the thread has computed, then what its dead have. */
const OWN = [11, 12] as const;
const OF_ENDED_CHILDREN = [13, 14] as const;

/** Threads of one name count together. Only where there is a `/proc`. */
export function computedBy(watched: readonly Watched[]): Computed {
  const seconds = new Map<string, number>();
  for (const one of watched) {
    for (const [thread, computed] of threadsOf(one)) {
      const key = one.hasNamedThreads ? `${one.name}: ${thread}` : one.name;
      seconds.set(key, (seconds.get(key) ?? 0) + computed);
    }
  }
  return seconds;
}

/** Of a process (`command-side`) or of one of its threads, between two looks. */
export function secondsBetween(before: Computed, after: Computed, name: string): number {
  const isMeant = (key: string) => key === name || key.startsWith(`${name}: `);
  const sum = (all: Computed) => {
    return [...all].reduce((total, [key, seconds]) => total + (isMeant(key) ? seconds : 0), 0);
  };
  return sum(after) - sum(before);
}

/** A thread that has ended meanwhile is left out. */
function* threadsOf(watched: Watched): Generator<readonly [string, number]> {
  const { pid, hasNamedThreads } = watched;
  const tasks = `/proc/${pid}/task`;
  for (const thread of ofTheLiving([], () => readdirSync(tasks))) {
    const [name, fields] = statOf(`${tasks}/${thread}/stat`);
    const ofEnded = !hasNamedThreads && Number(thread) === pid ? OF_ENDED_CHILDREN : [];
    yield [name, sumOf(fields, [...OWN, ...ofEnded])];
    if (hasNamedThreads) continue;
    for (const child of textOf(`${tasks}/${thread}/children`).trim().split(" ")) {
      if (child !== "") yield* threadsOf({ ...watched, pid: Number(child) });
    }
  }
}

/** `1234 (name) S …` */
function statOf(file: string): readonly [string, readonly string[]] {
  const text = textOf(file);
  const end = text.lastIndexOf(")");
  return [text.slice(text.indexOf("(") + 1, end), text.slice(end + 2).split(" ")];
}

function sumOf(fields: readonly string[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + Number(fields[place] ?? 0), 0) / TICKS_PER_SECOND;
}

function textOf(file: string): string {
  return ofTheLiving("", () => readFileSync(file, "utf8"));
}

function ofTheLiving<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return otherwise;
    throw error;
  }
}
