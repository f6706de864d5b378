import { z } from "zod";
import { type InstanceStatus, stackStatus } from "../../deploy/local/stack-status.ts";
import { exitCodes } from "../exit-codes.ts";
import { table } from "../output.ts";
import { defineVerb } from "../verb.ts";
import { PLACE_LINES, placeOf, placeOptions } from "./place.ts";
import { orStackFailure } from "./stack-failure.ts";

const MEBIBYTE = 1024 ** 2;

export const stackStatusVerb = defineVerb({
  name: "status",
  words: "[names...]",
  summary: "What of the stack runs: pid, ports, memory; ends with 7 unless all of it is ready",
  optionLines: PLACE_LINES,
  options: z.strictObject(placeOptions),
  examples: ["cipherhorizon stack status", "cipherhorizon stack status kafka --json"],
  run: async ({ words, options, output, environment }) => {
    const { folder, cache } = placeOf(options, environment);
    const statuses = await orStackFailure("the stack was not looked at", () => {
      return stackStatus(folder, cache, words);
    });
    if (output.json) for (const status of statuses) output.value(status);
    else output.line(asTable(statuses));
    const isReady = statuses.every(({ state }) => state === "ready");
    return isReady ? exitCodes.ok : exitCodes.unavailable;
  },
});

const COLUMNS = ["server", "version", "state", "pid", "ports", "memory", "since", "log"];

function asTable(statuses: readonly InstanceStatus[]): string {
  const rows = statuses.map(({ name, version, state, pid, ports, memoryBytes, ...rest }) => [
    name,
    version,
    state,
    String(pid ?? ""),
    Object.values(ports).join(" "),
    memoryBytes === null ? "" : `${Math.round(memoryBytes / MEBIBYTE)} MiB`,
    rest.startedAt ?? "",
    rest.log,
  ]);
  return table(COLUMNS, rows, ["pid", "memory"]);
}
