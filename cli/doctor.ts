import { z } from "zod";
import { type Config, readConfig } from "../platform/config/config.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { type Finding, fail, ok } from "./doctor/findings.ts";
import { checkKeys } from "./doctor/keys.ts";
import { checkFolder, checkNode } from "./doctor/machine.ts";
import { examineReadServers } from "./doctor/read-servers.ts";
import { checkServer } from "./doctor/server.ts";
import { checkLog, checkStores, type FoundGeneration } from "./doctor/stores.ts";
import { exitCodes } from "./exit-codes.ts";
import { logPlace, mayHaveLog } from "./log-place.ts";
import type { Output } from "./output.ts";
import { withReadLog } from "./read-log.ts";
import { storePlace } from "./store-place.ts";
import { defineVerb, type Environment } from "./verb.ts";

export const doctor = defineVerb({
  name: "doctor",
  summary: "Looks at everything the platform needs; each finding says what to do",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon doctor", "cipherhorizon doctor --data ./folder --json"],
  run: async ({ output, environment }) => {
    const findings = await examine(environment);
    for (const finding of findings) print(finding, output);
    const failed = findings.filter(({ level }) => level === "fail");
    if (failed.some(({ about }) => about === "config")) return exitCodes.config;
    return failed.length > 0 ? exitCodes.unavailable : exitCodes.ok;
  },
});

async function examine(environment: Environment): Promise<readonly Finding[]> {
  const node = await checkNode();
  let config: Config;
  try {
    config = readConfig(environment);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return [node, fail("config", error.message, "cipherhorizon config check")];
  }
  const place = storePlace(config);
  const { folder } = place;
  const settings = [ok("config", "valid"), checkKeys(config, Date.now())];
  const servers = await examineReadServers(place);
  const outside = [
    node,
    ...settings,
    ...(await checkFolder(folder)),
    ...(await checkServer(folder)),
    ...servers.findings,
  ];
  const log = logPlace(config);
  if (!mayHaveLog(log)) return [...outside, ok("log", "none yet")];
  const isOnKafka = log.kafka !== null;
  return [...outside, ...(await examineLog(environment, isOnKafka, servers.generations))];
}

async function examineLog(
  environment: Environment,
  isOnKafka: boolean,
  onServers: readonly FoundGeneration[],
): Promise<readonly Finding[]> {
  try {
    return await withReadLog(environment, async (parts) => {
      const log = await checkLog(parts, Date.now());
      return [...log, ...(await checkStores(parts, onServers))];
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [fail("log", detail, remedy(error, isOnKafka))];
  }
}

function remedy(error: unknown, isOnKafka: boolean): string {
  const code = error instanceof PlatformError ? error.code : null;
  if (code === "LOG_REFUSED") return "as the error says";
  if (code === "LOG_UNAVAILABLE" && isOnKafka) return "start Kafka, or correct CH_KAFKA_BROKERS";
  return "cipherhorizon log verify";
}

const SIGNS = { ok: "ok  ", warn: "WARN", fail: "FAIL" } as const;

function print(finding: Finding, output: Output): void {
  if (output.json) {
    output.value(finding);
    return;
  }
  const { level, about, detail, todo } = finding;
  output.line(`${SIGNS[level]}  ${about}: ${detail}`);
  if (todo !== "") output.line(`      to do: ${todo}`);
}
