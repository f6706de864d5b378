import type { Random } from "../../cli/demo/random.ts";

/** What is done to a process of the platform, or to a server. */
export type Fault = {
  readonly kind: (typeof KINDS)[number];
  /** The name of the process or of the server's instance. */
  readonly target: string;
};

const KINDS = ["process killed", "process paused", "server restarted", "server killed"] as const;

/** What there is to be hurt. */
export interface Targets {
  readonly processes: readonly string[];
  /** Instances as the stack names them. */
  readonly servers: readonly string[];
}

/**
 * Every process killed and paused so many times, and every server restarted and killed once. Kinds
 * alternate, so that a run that is cut off has had something of each.
 */
export function planFaults(random: Random, targets: Targets, rounds: number): readonly Fault[] {
  const { processes, servers } = targets;
  const repeated = Array.from({ length: rounds }, () => processes);
  const targetsOf = {
    "process killed": repeated.flatMap((round) => shuffled(random, round)),
    "process paused": repeated.flatMap((round) => shuffled(random, round)),
    "server restarted": shuffled(random, servers),
    "server killed": shuffled(random, servers),
  };
  const kinds = shuffled(random, KINDS);
  const longest = Math.max(...Object.values(targetsOf).map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => {
    return kinds.flatMap((kind): Fault[] => {
      const target = targetsOf[kind][turn];
      return target === undefined ? [] : [{ kind, target }];
    });
  }).flat();
}

/** Fisher and Yates. */
function shuffled<T>(random: Random, all: readonly T[]): readonly T[] {
  const left = [...all];
  return all.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T);
}
