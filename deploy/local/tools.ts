import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { runProgram } from "./run-program.ts";
import type { Recipe, Server, ToolName } from "./server.ts";
import { StackError } from "./stack-error.ts";

interface Tool {
  readonly program: string;
  /** The package of Debian that brings it. */
  readonly debianPackage: string;
  /** Folders to look in before those of the path. */
  readonly folders: readonly string[];
  /** Its oldest major version that will do, and how it is asked; null: any. */
  readonly oldest: { readonly major: number; readonly arguments: readonly string[] } | null;
}

/** Debian keeps PostgreSQL's programs away from the path. */
const POSTGRES_FOLDERS = ["/usr/lib/postgresql/15/bin"];
const VERSION_WITHIN_MS = 20_000;

const tools: Readonly<Record<ToolName, Tool>> = {
  java: {
    program: "java",
    debianPackage: "openjdk-17-jdk-headless",
    folders: [],
    oldest: { major: 17, arguments: ["-version"] },
  },
  javac: {
    program: "javac",
    debianPackage: "openjdk-17-jdk-headless",
    folders: [],
    oldest: { major: 17, arguments: ["-version"] },
  },
  mvn: { program: "mvn", debianPackage: "maven", folders: [], oldest: null },
  go: { program: "go", debianPackage: "golang-go", folders: [], oldest: null },
  tar: { program: "tar", debianPackage: "tar", folders: [], oldest: null },
  postgres: {
    program: "postgres",
    debianPackage: "postgresql-15",
    folders: POSTGRES_FOLDERS,
    oldest: { major: 15, arguments: ["--version"] },
  },
  "redis-server": {
    program: "redis-server",
    debianPackage: "redis-server",
    folders: [],
    oldest: { major: 7, arguments: ["--version"] },
  },
};

/** The full path of a program that comes with PostgreSQL. */
export function postgresProgram(name: string): string {
  return findProgram(name, POSTGRES_FOLDERS) ?? name;
}

interface Lack {
  readonly tool: Tool;
  readonly wantedBy: string;
  readonly problem: string;
}

/**
 * Refuses with one list of all that is missing, before anything is started. `toFetch`: servers
 * whose files are not cached yet; only they need what fetches.
 */
export async function checkTools(
  servers: readonly Server[],
  toFetch: readonly Server[],
): Promise<void> {
  const wanted = wantedTools(servers, toFetch);
  const lacks = await Promise.all(wanted.map(([name, by]) => lackOf(tools[name], by)));
  const found = lacks.filter((lack) => lack !== null);
  if (found.length > 0) throw missing(found);
}

/** Every tool once, with the servers that want it. */
export function wantedTools(
  servers: readonly Server[],
  toFetch: readonly Server[],
): readonly (readonly [ToolName, string])[] {
  const wanted = new Map<ToolName, Set<string>>();
  const want = (tool: ToolName, server: Server) => {
    wanted.set(tool, (wanted.get(tool) ?? new Set()).add(server.name));
  };
  for (const server of servers) for (const tool of server.tools) want(tool, server);
  for (const server of toFetch) {
    for (const tool of recipeTools(server.recipe)) want(tool, server);
  }
  return [...wanted].map(([tool, by]) => [tool, [...by].join(", ")] as const);
}

function recipeTools(recipe: Recipe | null): readonly ToolName[] {
  if (recipe === null) return [];
  if (recipe.kind === "go") return ["go"];
  const hasArchive = recipe.artifacts.some((artifact) => artifact.split(":").length > 3);
  const compiles = recipe.sources.length > 0;
  return ["mvn", ...(hasArchive ? ["tar" as const] : []), ...(compiles ? ["javac" as const] : [])];
}

async function lackOf(tool: Tool, wantedBy: string): Promise<Lack | null> {
  const path = findProgram(tool.program, tool.folders);
  if (path === null) return { tool, wantedBy, problem: "is not installed" };
  if (tool.oldest === null) return null;
  const { output } = await runProgram(path, tool.oldest.arguments, { withinMs: VERSION_WITHIN_MS });
  const major = Number(/\d+/.exec(output)?.[0] ?? 0);
  if (major >= tool.oldest.major) return null;
  return { tool, wantedBy, problem: `is version ${major}, older than ${tool.oldest.major}` };
}

function findProgram(name: string, folders: readonly string[]): string | null {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const places = [...folders, ...path].map((folder) => join(folder, name));
  return places.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(lacks: readonly Lack[]): StackError {
  const lines = lacks.map(({ tool, wantedBy, problem }) => {
    return `${tool.program} ${problem} (wanted by ${wantedBy})`;
  });
  const packages = [...new Set(lacks.map(({ tool }) => tool.debianPackage))].join(" ");
  return new StackError(
    lines.join("\n"),
    "looking for the programs on the path",
    `apt-get install -y --no-install-recommends ${packages}\n` +
      "(elsewhere than on Debian: the packages that bring these programs), " +
      "or name only the servers that you want",
  );
}
