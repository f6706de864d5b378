import { mkdirSync } from "node:fs";
import { z } from "zod";
import { topics } from "../../kafka-topics/topics.ts";
import { openCodec } from "../../platform/codec/codec.ts";
import { readConfig } from "../../platform/config/config.ts";
import { openRegistry } from "../../platform/log/places.ts";
import { exitCodes } from "../exit-codes.ts";
import { logPlace } from "../log-place.ts";
import { table } from "../output.ts";
import { defineVerb } from "../verb.ts";

export const schemasRegister = defineVerb({
  name: "register",
  summary: "Registers every released version of every event; what is there keeps its id",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon schemas register --data ./folder"],
  run: async ({ output, environment }) => {
    const place = logPlace(readConfig(environment));
    mkdirSync(place.folder, { recursive: true });
    const registry = openRegistry(place, { readOnly: false });
    try {
      await openCodec({ registry, topics });
      const rows: { subject: string; version: number; id: number }[] = [];
      for (const subject of await registry.subjects()) {
        for (const { version, id } of await registry.versions(subject)) {
          rows.push({ subject, version, id });
        }
      }
      if (output.json) for (const row of rows) output.value(row);
      else output.line(asTable(rows));
    } finally {
      await registry.close();
    }
    return exitCodes.ok;
  },
});

function asTable(rows: readonly { subject: string; version: number; id: number }[]): string {
  const cells = rows.map(({ subject, version, id }) => [subject, String(version), String(id)]);
  return table(["subject", "version", "id"], cells, ["version", "id"]);
}
