import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { table } from "../output.ts";
import { openSession } from "../session.ts";
import { defineVerb } from "../verb.ts";
import {
  type Generation,
  listProjections,
  type ProjectionStatus,
  slowedText,
} from "./generations.ts";

export const projectionsList = defineVerb({
  name: "list",
  summary: "Every projection with its generations: phase, version, gap, lag, who feeds them",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon projections list", "cipherhorizon projections list --json"],
  run: async ({ output, environment }) => {
    const session = await openSession({ output, environment });
    try {
      const projections = await listProjections(session);
      if (output.json) for (const projection of projections) output.value(projection);
      else output.line(asTable(projections));
    } finally {
      await session.close();
    }
    return exitCodes.ok;
  },
});

const COLUMNS = [
  ...["projection", "generation", "phase", "version", "gap", "lag", "verified", "started"],
  "partitions fed by",
];

function asTable(projections: readonly ProjectionStatus[]): string {
  const rows = projections.flatMap(({ name, paused, generations }) => {
    return generations.map((one) => [
      name,
      String(one.generation),
      [one.phase, paused ? "paused" : "", slowedText(one, generations)].filter(Boolean).join(", "),
      String(one.version),
      one.gapEvents === null ? "" : `${one.gapEvents} events`,
      one.lagSeconds === null ? "" : `${one.lagSeconds.toFixed(1)} s`,
      one.verified ? "yes" : "no",
      one.startedAt,
      feedersText(one),
    ]);
  });
  return table(COLUMNS, rows, ["generation", "version", "gap", "lag"]);
}

/** `vm pid 17: 2, vm pid 21: 2`; empty where one process feeds it, which nobody else knows of. */
function feedersText({ fedBy }: Generation): string {
  const byProcess = Object.groupBy(Object.values(fedBy ?? {}), (address) => address);
  const counts = Object.entries(byProcess).map(([address, all]) => `${address}: ${all?.length}`);
  return counts.toSorted().join(", ");
}
