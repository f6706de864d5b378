import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { table } from "../output.ts";
import { listProjections } from "../projections/generations.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { getParked, type ParkedStream } from "./streams.ts";

export const parkedList = defineVerb({
  name: "list",
  words: "[name]",
  summary: "Streams that are set aside, of one projection or of all: where, since when, why",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon parked list", "cipherhorizon parked list portfolios --json"],
  run: async ({ words, output, environment }) => {
    const session = await openSession({ output, environment });
    try {
      const all = await listParked(session, words[0]);
      if (output.json) for (const one of all) output.value(one);
      else output.line(all.length === 0 ? "Nothing is parked." : asTable(all));
    } finally {
      await session.close();
    }
    return exitCodes.ok;
  },
});

type Listed = ParkedStream & { readonly projection: string };

async function listParked(session: Session, name: string | undefined): Promise<Listed[]> {
  const names =
    name === undefined ? (await listProjections(session)).map((one) => one.name) : [name];
  const all: Listed[] = [];
  for (const projection of names) {
    const { streams } = await getParked(session, projection);
    all.push(...streams.map((stream) => ({ projection, ...stream })));
  }
  return all;
}

const COLUMNS = ["projection", "generation", "stream", "at", "event", "since", "state", "reason"];

function asTable(all: readonly Listed[]): string {
  const rows = all.map((one) => [
    one.projection,
    String(one.generation),
    one.stream,
    `${one.partition}@${one.position}`,
    typeText(one),
    one.since,
    one.releasing ? "being released" : "parked",
    one.reason,
  ]);
  return table(COLUMNS, rows, ["generation"]);
}

/** `FundsDeposited`, of `cipherhorizon.portfolio.FundsDeposited`. */
function typeText({ event }: ParkedStream): string {
  return event?.type?.split(".").at(-1) ?? "";
}
