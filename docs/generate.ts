import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPlatform } from "../cli/serve/platform.ts";
import { aggregates } from "../command-side/registry.ts";
import { readConfig } from "../platform/config/config.ts";
import { configReference } from "../platform/config/reference.ts";
import { platformErrors } from "../platform/errors/catalogue.ts";
import { errorsReference } from "../platform/errors/reference.ts";
import { createLogger } from "../platform/telemetry/logger.ts";

/**
 * Writes docs/reference from the code; with `--check` only says what is out of date, and exits
 * with 1 if anything is.
 */
const FOLDER = fileURLToPath(new URL("./reference/", import.meta.url));

interface ReferencePage {
  readonly name: string;
  readonly text: string;
}

/** Every page of docs/reference, as the code has it now. */
async function referencePages(): Promise<readonly ReferencePage[]> {
  const refusals = aggregates.map(({ name, refusals }) => {
    return { title: `Refusals of the ${name}`, catalogue: refusals };
  });
  const sections = [{ title: "The platform's errors", catalogue: platformErrors }, ...refusals];
  return [
    { name: "config.md", text: configReference() },
    { name: "errors.md", text: errorsReference(sections) },
    { name: "openapi.json", text: await servedDocument() },
  ];
}

/** The document as the whole platform serves it, so that no route can be missing here. */
async function servedDocument(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-docs-"));
  const config = readConfig({ CH_DATA_FOLDER: folder });
  const logger = createLogger("warn");
  const parts = ["command-side", "projections", "query-api"] as const;
  const platform = await startPlatform({ config, parts, logger, port: 0 });
  try {
    const response = await fetch(`${platform.url}/openapi.json`);
    return `${JSON.stringify(await response.json(), null, 2)}\n`;
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true });
  }
}

function isCurrent({ name, text }: ReferencePage): boolean {
  try {
    return readFileSync(join(FOLDER, name), "utf8") === text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function main(words: readonly string[]): Promise<number> {
  const outdated = (await referencePages()).filter((page) => !isCurrent(page));
  if (words.includes("--check")) {
    for (const { name } of outdated) {
      process.stderr.write(`docs/reference/${name} is out of date: run docs/generate.ts\n`);
    }
    return outdated.length === 0 ? 0 : 1;
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, text } of outdated) {
    writeFileSync(join(FOLDER, name), text);
    process.stderr.write(`docs/reference/${name} written\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
