import { mkdirSync, rmdirSync } from "node:fs";
import { generationFile } from "../../projections/runner/generation-files.ts";
import { NO_SERVERS } from "../../projections/stores.ts";
import { generationsContract } from "./generations/suite.ts";

generationsContract("sqlite", async () => ({
  addresses: NO_SERVERS,
  breakStore: async ({ folder }, projection) => {
    const file = generationFile(folder, projection, 1);
    mkdirSync(file, { recursive: true });
    return async () => rmdirSync(file);
  },
  close: async () => undefined,
}));
