import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { textOf } from "./files.ts";
import type { Recipe, Server } from "./server.ts";

/** Written last, so a folder without it is no complete one. */
export const FETCHED_FILE = "fetched.json";
const HASH_LETTERS = 10;

/** The files of a fetched folder with their sizes in bytes. */
const fetchedSchema = z.record(z.string(), z.int().nonnegative());

/** Where a server's fetched files are: another recipe is another folder. */
export function programFolder(cache: string, { name, version, recipe }: Server): string {
  if (recipe === null) throw new Error(`${name} is not fetched`);
  return join(cache, "stack", `${name}-${version}-${hashOf(recipe)}`);
}

/** The servers whose files are not there, or not whole. */
export function planFetches(cache: string, servers: readonly Server[]): readonly Server[] {
  return servers.filter((server) => {
    return server.recipe !== null && !isFetched(programFolder(cache, server));
  });
}

export function isFetched(folder: string): boolean {
  const text = textOf(join(folder, FETCHED_FILE));
  if (text === null) return false;
  const files = Object.entries(fetchedSchema.parse(JSON.parse(text)));
  return files.every(([file, bytes]) => {
    return statSync(join(folder, file), { throwIfNoEntry: false })?.size === bytes;
  });
}

/** The text of a Java source that a recipe names. */
export function javaSource(name: string): string {
  return readFileSync(new URL(`java/${name}`, import.meta.url), "utf8");
}

/** What Maven is asked to resolve; archives come alone, without what they were built from. */
export function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version, type, classifier] = artifact.split(":");
    const archive =
      type === undefined
        ? ""
        : `<type>${type}</type><classifier>${classifier}</classifier>` +
          "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>" +
          "</exclusions>";
    return (
      `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId>` +
      `<version>${version}</version>${archive}</dependency>`
    );
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "  <modelVersion>4.0.0</modelVersion>",
    "  <groupId>cipherhorizon</groupId><artifactId>stack</artifactId><version>1</version>",
    "  <packaging>pom</packaging>",
    "  <dependencies>",
    ...dependencies,
    "  </dependencies>",
    "</project>",
    "",
  ].join("\n");
}

function hashOf(recipe: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  if (recipe.kind === "maven") for (const name of recipe.sources) hash.update(javaSource(name));
  return hash.digest("hex").slice(0, HASH_LETTERS);
}
