import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

/** `<folder>/read/portfolios.g3.db`: one file per projection and generation. */
export function generationFile(folder: string, projection: string, generation: number): string {
  return join(folder, "read", `${projection}.g${generation}.db`);
}

/** Held by the one process that feeds the generation. */
export function generationLockFile(folder: string, projection: string, generation: number): string {
  return join(folder, "read", `${projection}.g${generation}.lock`);
}

/** Removes a generation nobody needs any more; the main file last, so that a crash is found. */
export function removeGenerationFiles(
  folder: string,
  projection: string,
  generation: number,
): boolean {
  const file = generationFile(folder, projection, generation);
  const lockFile = generationLockFile(folder, projection, generation);
  const wasThere = existsSync(file);
  for (const path of [`${file}-wal`, `${file}-shm`, lockFile, file]) rmSync(path, { force: true });
  return wasThere;
}
