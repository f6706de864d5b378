import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { readConfig } from "../../platform/config/config.ts";
import type { Environment } from "../verb.ts";

/** Options of every verb of the stack. */
export const placeOptions = {
  dir: z.string().min(1).optional(),
  cache: z.string().min(1).optional(),
};

export const PLACE_LINES = [
  ["--dir <folder>", "the stack's folder; else stack/ in the data folder"],
  ["--cache <folder>", "fetched files; else cipherhorizon/ in XDG_CACHE_HOME or ~/.cache"],
] as const;

interface Place {
  readonly folder: string;
  readonly cache: string;
}

/**
 * Where the stack is. Of the settings only the data folder counts: servers must come up, and down,
 * whatever is wrong with the others, which may well be their own addresses.
 */
export function placeOf(
  options: { readonly dir?: string | undefined; readonly cache?: string | undefined },
  environment: Environment,
): Place {
  const { dataFolder } = readConfig({ CH_DATA_FOLDER: environment["CH_DATA_FOLDER"] });
  const caches = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return {
    folder: resolve(options.dir ?? join(dataFolder, "stack")),
    cache: resolve(options.cache ?? join(caches, "cipherhorizon")),
  };
}
