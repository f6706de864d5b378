import { setTimeout as sleep } from "node:timers/promises";
import { projectionNames } from "../projections/registry.ts";
import { NO_LIVE_LAG_LIMIT_MS } from "../projections/runner/pace.ts";
import { fill } from "./fill.ts";
import { type LoadWish, tell } from "./reads.ts";
import { type RebuiltAside, rebuildAside } from "./rebuild-aside.ts";
import { rebuildAll, type UnderLoad, underLoad } from "./rebuild-beside.ts";
import type { Section, Table } from "./report.ts";
import type { Bench } from "./sections.ts";

/**
 * How fast read models are rebuilt, beside what comes in live and beside what SQLite takes at most;
 * and what live traffic feels of it, with and without a limit to its lag.
 */
export async function measureRebuild(bench: Bench, wish: LoadWish): Promise<Section> {
  const { url, folder } = await bench.start();
  tell("filling the platform");
  await fill(url);
  const addresses = { url, readUrl: url };
  tell(`live traffic alone, for ${wish.seconds} s`);
  const alone = await underLoad(addresses, wish, () => sleep(wish.seconds * 1_000));
  tell("rebuilding all read models beside it, without a limit");
  const unlimited = await underLoad(addresses, wish, () =>
    rebuildAll(addresses, NO_LIVE_LAG_LIMIT_MS),
  );
  tell("rebuilding all read models beside it, with the usual limit");
  const limited = await underLoad(addresses, wish, () => rebuildAll(addresses, null));
  const asides = new Map<string, RebuiltAside>();
  for (const name of projectionNames) {
    tell(`rebuilding ${name} alone`);
    asides.set(name, await rebuildAside(folder, name));
  }
  return {
    name: "rebuild",
    figures: [],
    tables: [
      speeds(asides, alone),
      spentTable(asides),
      beside([
        ["alone", alone],
        ["all rebuilt beside it, no limit", unlimited],
        ["all rebuilt beside it, usual limit", limited],
      ]),
    ],
    remarks: [
      "Events are records: one of ticks has many. Rows are counted as often as they are written.",
      "Live: what came in of each while live traffic was alone. Raw: the same rows by the same " +
        "driver, 5,000 in a transaction, without checkpoints and other indexes than the key.",
      "A build and its comparison are over when it is live. Lag is the worst of all live ones; " +
        `p50 and p99 are of ${wish.linesPerRequest} commands in a request.`,
    ],
  };
}

function speeds(asides: ReadonlyMap<string, RebuiltAside>, { liveRates }: UnderLoad): Table {
  const rows = [...asides].map(([name, { events, rows: written, seconds, rawRowsPerSecond }]) => {
    const [perSecond, rowsPerSecond] = [events / seconds, written / seconds];
    const live = liveRates.get(name) ?? 0;
    const cells = [events, perSecond, live, live > 0 ? perSecond / live : null];
    const raw = [rowsPerSecond, rawRowsPerSecond, (rowsPerSecond / rawRowsPerSecond) * 100];
    return [name, ...cells, ...raw] as const;
  });
  const columns = ["rebuilt alone", "events", "events/s", "live events/s", "times live"];
  return { columns: [...columns, "rows/s", "raw rows/s", "% of raw"], rows };
}

function spentTable(asides: ReadonlyMap<string, RebuiltAside>): Table {
  const rows = [...asides].map(([name, { seconds, spent }]) => {
    const { read, decode, project, write } = spent;
    const shares = [read, decode, project, write].map((ms) => ms / seconds / 10);
    const rest = 100 - shares.reduce((sum, share) => sum + share, 0);
    return [name, seconds, ...shares, rest] as const;
  });
  const columns = ["where its time goes", "seconds", "read %", "decode %", "project %"];
  return { columns: [...columns, "write %", "rest %"], rows };
}

export function beside(all: readonly (readonly [string, UnderLoad])[]): Table {
  const rows = all.map(([name, { seconds, written, worstLagSeconds, ...rates }]) => {
    const { p50Milliseconds, p99Milliseconds } = written;
    const { commandsPerSecond, ticksPerSecond } = rates;
    const cells = [seconds, worstLagSeconds, p50Milliseconds, p99Milliseconds];
    return [name, ...cells, commandsPerSecond, ticksPerSecond] as const;
  });
  const columns = ["live traffic", "seconds", "worst lag s", "p50 ms", "p99 ms"];
  return { columns: [...columns, "commands/s", "ticks/s"], rows };
}
