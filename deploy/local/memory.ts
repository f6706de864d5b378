import { readdirSync } from "node:fs";
import { textOf } from "./files.ts";

/** Field 4 of /proc/<pid>/stat, counted from the state, which follows the name in brackets. */
const PARENT_FIELD = 1;
const KIBIBYTE = 1024;

/**
 * The memory of a process and its children in bytes, what they share counted once; null where the
 * system does not tell.
 */
export function memoryOf(pid: number): number | null {
  const own = proportionalBytes(pid);
  if (own === null) return null;
  const children = childrenOf(pid).map((child) => memoryOf(child) ?? 0);
  return children.reduce((sum, bytes) => sum + bytes, own);
}

function proportionalBytes(pid: number): number | null {
  const text = procText(`/proc/${pid}/smaps_rollup`);
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(text ?? "")?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * KIBIBYTE;
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | null {
  const stat = procText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[PARENT_FIELD]);
}

/** A process may end while it is looked at, and another user's is not shown. */
function procText(file: string): string | null {
  try {
    return textOf(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw error;
  }
}
