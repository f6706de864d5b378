import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { openSession } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { depositOption } from "./deposit-option.ts";
import { type ImportedFills, importFills } from "./import-fills.ts";
import { FILL_COLUMNS } from "./read-fills.ts";

export const importFillsVerb = defineVerb({
  name: "fills",
  words: "<file>",
  summary: `Fills of a CSV file, plain or .gz, with the columns ${FILL_COLUMNS.required.join(",")} \
(timestamp in epoch ms), as trades of one portfolio. Twice changes nothing.`,
  optionLines: [
    ["--portfolio <id>", "the portfolio that traded"],
    ["--open", "opens the portfolio first"],
    ["--name <text>", "with --open: its name; else its id"],
    ["--base-currency <asset>", "with --open: what it counts in; else USDT"],
    ["--cost-method <method>", "with --open: average or fifo; else average"],
    ["--deposit <asset=amount@cost...>", "what was there before the first fill: BTC=0.01@9200"],
    ["--assume-missing", "what is sold without being held was there before, its cost unknown"],
  ],
  options: z.strictObject({
    portfolio: z.string({ error: "is missing: the portfolio's id" }).min(1),
    open: z.boolean().default(false),
    name: z.string().optional(),
    baseCurrency: z.string().default("USDT"),
    costMethod: z.enum(["average", "fifo"]).default("average"),
    deposit: depositOption.default([]),
    assumeMissing: z.boolean().default(false),
  }),
  examples: [
    "cipherhorizon import fills fills.csv.gz --portfolio p-1",
    "cipherhorizon import fills fills.csv --portfolio p-2 --open --cost-method fifo \\",
    "    --deposit USDT=20000 BTC=0.01@9200",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const { portfolio: portfolioId, assumeMissing, deposit: deposits } = options;
    const { name = portfolioId, baseCurrency, costMethod } = options;
    const open = options.open ? { name, baseCurrency, costMethod } : null;
    const session = await openSession({ output, environment, mayBegin: true });
    try {
      const parts = { session, output, interrupted, portfolioId, assumeMissing, open, deposits };
      const imported = await importFills(words[0] ?? "", parts);
      report(imported, output);
      return imported.refused + imported.badRows > 0 ? exitCodes.partial : exitCodes.ok;
    } finally {
      await session.close();
    }
  },
});

function report(imported: ImportedFills, output: Output): void {
  if (output.json) {
    output.value(imported);
    return;
  }
  const { recorded, known, refused, badRows } = imported;
  output.line(`${recorded} recorded, ${known} known, ${refused} refused, ${badRows} bad rows`);
}
