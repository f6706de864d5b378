import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Fetching } from "./fetch.ts";
import { runProgram } from "./run-program.ts";
import type { GoRecipe } from "./server.ts";

const BUILD_WITHIN_MS = 30 * 60_000;

/**
 * The Go tool fetches the modules, checks them against its checksum database, and builds them into
 * `bin/`. What it keeps on the way is removed afterwards.
 */
export async function buildWithGo(
  { packages }: GoRecipe,
  work: string,
  { interrupted, report }: Fetching,
): Promise<void> {
  let modules = 0;
  const onLine = (line: string) => {
    if (line.startsWith("go: downloading")) modules += 1;
    report(`${modules} modules, building`);
  };
  report("asking for modules");
  const [build, sources] = [join(work, "build"), join(work, "modules")];
  const environment = {
    GOBIN: join(work, "bin"),
    GOCACHE: build,
    GOMODCACHE: sources,
    // Modules are read-only otherwise, and could not be removed.
    GOFLAGS: `${process.env["GOFLAGS"] ?? ""} -modcacherw`.trim(),
  };
  await runProgram("go", ["install", ...packages], {
    withinMs: BUILD_WITHIN_MS,
    folder: work,
    environment,
    interrupted,
    onLine,
  });
  for (const folder of [build, sources]) rmSync(folder, { recursive: true });
}
