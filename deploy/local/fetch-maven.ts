import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Fetching } from "./fetch.ts";
import { javaSource, pomOf } from "./recipe.ts";
import { runProgram } from "./run-program.ts";
import type { MavenRecipe } from "./server.ts";

const RESOLVE_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";
const FETCH_WITHIN_MS = 30 * 60_000;
const UNPACK_WITHIN_MS = 5 * 60_000;
const BYTES_OF = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 } as const;

/**
 * Maven resolves the artifacts into a local repository of the cache, which all servers share, and
 * refuses a file whose checksum is wrong (`-C`). Jars appear under `lib/` as hard links.
 */
export async function fetchFromMaven(
  recipe: MavenRecipe,
  work: string,
  fetching: Fetching,
): Promise<void> {
  const files = await resolveFiles(recipe, work, fetching);
  rmSync(join(work, "lib"), { recursive: true, force: true });
  mkdirSync(join(work, "lib"));
  for (const file of files) {
    if (file.endsWith(".jar")) linkSync(file, join(work, "lib", basename(file)));
    else await unpack(file, work, fetching);
  }
  if (recipe.sources.length > 0) await compile(recipe.sources, work, fetching);
}

async function resolveFiles(
  { artifacts, aboutMegabytes }: MavenRecipe,
  work: string,
  { cache, interrupted, report }: Fetching,
): Promise<readonly string[]> {
  const [pom, list] = [join(work, "pom.xml"), join(work, "files.txt")];
  writeFileSync(pom, pomOf(artifacts));
  let bytes = 0;
  const onLine = (line: string) => {
    bytes += downloadedBytes(line);
    if (bytes > 0) report(megabytesText(bytes / 1e6, aboutMegabytes));
  };
  const words = [
    ...["-B", "-C", "-f", pom, `-Dmaven.repo.local=${join(cache, "maven")}`, RESOLVE_GOAL],
    ...[`-Dmdep.outputFile=${list}`, "-Dmdep.includeScope=runtime", "-Dmdep.pathSeparator=|"],
  ];
  await runProgram("mvn", words, { withinMs: FETCH_WITHIN_MS, folder: work, interrupted, onLine });
  const files = readFileSync(list, "utf8").trim().split("|");
  for (const file of [pom, list]) rmSync(file);
  return files;
}

/** The first fetch brings Maven's own parts, too, and so more than the server has. */
function megabytesText(megabytes: number, about: number): string {
  const done = Math.round(megabytes);
  return done <= about ? `${done} of about ${about} MB` : `${done} MB`;
}

/** `Downloaded from central: https://…/x.jar (168 kB at 1.7 MB/s)` */
export function downloadedBytes(line: string): number {
  const [, count, unit] = /Downloaded from .*\(([\d.]+) (B|kB|MB|GB)\b/.exec(line) ?? [];
  if (count === undefined || unit === undefined) return 0;
  return Number(count) * BYTES_OF[unit as keyof typeof BYTES_OF];
}

/** The archive itself is of no use any more, and may be the larger half. */
async function unpack(archive: string, work: string, { interrupted }: Fetching): Promise<void> {
  const words = ["-xzf", archive, "-C", work];
  await runProgram("tar", words, { withinMs: UNPACK_WITHIN_MS, interrupted });
  rmSync(dirname(archive), { recursive: true });
}

async function compile(
  sources: readonly string[],
  work: string,
  { interrupted, report }: Fetching,
): Promise<void> {
  report("compiling");
  const folder = join(work, "sources");
  mkdirSync(folder, { recursive: true });
  const files = sources.map((name) => join(folder, name));
  for (const [index, name] of sources.entries()) {
    writeFileSync(files[index] ?? "", javaSource(name));
  }
  const words = ["-cp", join(work, "lib", "*"), "-d", join(work, "classes"), ...files];
  await runProgram("javac", words, { withinMs: UNPACK_WITHIN_MS, interrupted });
}
