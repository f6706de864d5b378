import type { Random } from "../../cli/demo/random.ts";
import { MOMENTS, type Moment } from "./rebuilds.ts";

/** What is done to a process of the platform, or to a server. */
export type Fault = {
  readonly kind: (typeof KINDS)[number];
  /** The name of the process or of the server's instance. */
  readonly target: string;
  /** When: a rebuild has come so far. */
  readonly moment: Moment;
};

const KINDS = ["process killed", "process paused", "server restarted", "server killed"] as const;

/** Of MongoDB; killed amid a write it may come back torn (docs/operations/stores.md). */
const STAND_IN = "mongodb";

/** What there is to be hurt. */
export interface Targets {
  /** Of each part of the platform, those that share its work. */
  readonly parts: readonly (readonly string[])[];
  /** Instances as the stack names them. */
  readonly servers: readonly string[];
}

/**
 * In every moment of a rebuild one process of each part and each server killed; every process
 * paused and every server restarted once, the moments in turn. Kinds alternate, so that a run that
 * is cut off has had something of each.
 */
export function planFaults(random: Random, { parts, servers }: Targets): readonly Fault[] {
  const processKills = MOMENTS.flatMap((moment, turn) => {
    const chosen = parts.map((part) => part[turn % part.length] as string);
    return shuffled(random, chosen).map((target) => ({ target, moment }));
  });
  const killed = servers.filter((server) => server !== STAND_IN);
  const serverKills = MOMENTS.flatMap((moment) => {
    return shuffled(random, killed).map((target) => ({ target, moment }));
  });
  const inTurn = (target: string, turn: number) => {
    return { target, moment: MOMENTS[turn % MOMENTS.length] as Moment };
  };
  const planned = {
    "process killed": shuffled(random, processKills),
    "process paused": shuffled(random, parts.flat()).map(inTurn),
    "server restarted": shuffled(random, servers).map(inTurn),
    "server killed": shuffled(random, serverKills),
  };
  const kinds = shuffled(random, KINDS);
  const longest = Math.max(...Object.values(planned).map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => {
    return kinds.flatMap((kind): Fault[] => {
      const fault = planned[kind][turn];
      return fault === undefined ? [] : [{ kind, ...fault }];
    });
  }).flat();
}

/** Fisher and Yates. */
function shuffled<T>(random: Random, all: readonly T[]): readonly T[] {
  const left = [...all];
  return all.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T);
}
