import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Tells one process from every other, also from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Boot id and start time in clock ticks since boot; null where the system has no /proc. */
  readonly startMark: string | null;
}

/** Field 22 of /proc/<pid>/stat, counted from the state, which follows the name in brackets. */
const START_TIME_FIELD = 19;
/** Zombie and dead: a killed process that nobody has waited for keeps its pid, but runs no more. */
const ENDED_STATES = ["Z", "X", "x"];

export function currentProcess(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Of a process of this machine that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, host: hostname(), startMark: startMarkOf(pid) };
}

/**
 * False only when the process is certainly gone: nobody has its pid here, or another process has.
 * A process of another host may always be alive.
 */
export function mayBeAlive(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return true;
  if (!isPidInUse(identity.pid) || hasEnded(identity.pid)) return false;

  const mark = startMarkOf(identity.pid);
  return mark === null || identity.startMark === null || mark === identity.startMark;
}

/**
 * True only when this very process runs here: one that has its pid by chance must not be ended in
 * its place. Without /proc that can't be known.
 */
export function isCertainlyAlive(identity: ProcessIdentity): boolean {
  return identity.host === hostname() && identity.startMark !== null && mayBeAlive(identity);
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function hasEnded(pid: number): boolean {
  const [state = ""] = statFieldsOf(pid) ?? [];
  return ENDED_STATES.includes(state);
}

/** The fields from the state on; null where the system has no /proc. */
function statFieldsOf(pid: number): readonly string[] | null {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function startMarkOf(pid: number): string | null {
  const fields = statFieldsOf(pid);
  const boot = textOf("/proc/sys/kernel/random/boot_id");
  if (fields === null || boot === null) return null;
  return `${boot.trim()} ${fields[START_TIME_FIELD]}`;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
