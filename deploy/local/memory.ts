import { allPids, hasProc, parentOf, proportionalKibibytes } from "./proc.ts";

const KIBIBYTE = 1024;

/**
 * The memory of a process and its children in bytes, what they share counted once; null where the
 * system does not tell.
 */
export function memoryOf(pid: number): number | null {
  if (!hasProc) return null;
  const own = proportionalKibibytes(pid);
  if (own === null) return null;
  const children = allPids().filter((other) => parentOf(other) === pid);
  const bytes = children.map((child) => memoryOf(child) ?? 0);
  return bytes.reduce((sum, more) => sum + more, own * KIBIBYTE);
}
