import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { textOf } from "./files.ts";

/** Whether the system tells about its processes there. */
export const hasProc = existsSync("/proc/self/stat");

/** Field 4 of /proc/<pid>/stat, counted from the state, which follows the name in brackets. */
const PARENT_FIELD = 1;
/** The process has ended meanwhile, or is another user's. */
const UNKNOWN_CODES = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

/** The pids of this machine's processes. */
export function allPids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Null for a process of which the system does not tell it. */
export function parentOf(pid: number): number | null {
  const stat = told(() => textOf(`/proc/${pid}/stat`));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[PARENT_FIELD]);
}

/** Null for a process of which the system does not tell it. */
export function workingFolderOf(pid: number): string | null {
  return told(() => readlinkSync(`/proc/${pid}/cwd`));
}

/** Its memory in KiB, what it shares with others counted in part; null where it is not told. */
export function proportionalKibibytes(pid: number): number | null {
  const text = told(() => textOf(`/proc/${pid}/smaps_rollup`));
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(text ?? "")?.[1];
  return kibibytes === undefined ? null : Number(kibibytes);
}

function told<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (UNKNOWN_CODES.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
