import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { openSession } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { UNKNOWN_STEP } from "./guess-instrument.ts";
import { type ImportedTicks, importTicks } from "./import-ticks.ts";
import { TICK_COLUMNS } from "./read-ticks.ts";

export const importTicksVerb = defineVerb({
  name: "ticks",
  words: "<file...>",
  summary: `Ticks of CSV files, plain or .gz, with the columns ${TICK_COLUMNS.join(",")} \
(timestamp in epoch ms; further columns are ignored). Twice changes nothing.`,
  optionLines: [
    ["--register", `registers unknown instruments as their symbols read, steps ${UNKNOWN_STEP}`],
    ["--feed-session <name>", "ticks without id equal to those of another session are new ones"],
  ],
  options: z.strictObject({
    register: z.boolean().default(false),
    feedSession: z.string().min(1).max(100).optional(),
  }),
  examples: [
    "cipherhorizon import ticks trades.csv.gz --register",
    "cipherhorizon import ticks monday.csv tuesday.csv --json",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const session = await openSession({ output, environment, mayBegin: true });
    try {
      const imported = await importTicks(words, { session, output, interrupted, ...options });
      report(imported, output);
      const { beyondHorizon, rejected, quarantined } = imported;
      return beyondHorizon + rejected + quarantined > 0 ? exitCodes.partial : exitCodes.ok;
    } finally {
      await session.close();
    }
  },
});

function report(imported: ImportedTicks, output: Output): void {
  if (output.json) {
    output.value(imported);
    return;
  }
  const { accepted, duplicates, beyondHorizon, rejected, quarantined } = imported;
  output.line(
    `${accepted} accepted, ${duplicates} duplicates, ${beyondHorizon} beyond the horizon, ` +
      `${rejected} rejected, ${quarantined} quarantined`,
  );
  if (beyondHorizon > 0) {
    output.message(
      "Beyond the horizon duplicates can no longer be told: declare the stretch of time to take " +
        "them all (cipherhorizon commands send instrument … DeclareBackfillRange).",
    );
  }
  if (quarantined > 0) {
    output.message(
      "Quarantined ticks are kept: of unknown instruments (import them again with --register, " +
        "or register these yourself), or with a content that cannot be.",
    );
  }
}
