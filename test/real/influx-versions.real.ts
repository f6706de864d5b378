import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { compact } from "../../projections/runner/compact.ts";
import type { Change, Tables } from "../../projections/runner/projection.ts";
import type { Batch, ReadStore } from "../../projections/runner/read-store.ts";
import { InfluxReadStore } from "../../projections/stores/influx/store.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import { rowsAt } from "../../projections/verification/rows-at.ts";
import { LOG_ID, PARTITION } from "../contracts/read-store/sample-projection.ts";
import { describeWithInflux, influxUrl } from "./servers.ts";

const MINUTE_MS = 60_000;
const FIRST_MS = 1_700_000_040_000;
const MINUTES = 40;
const BATCHES = 12;
const EVENTS = 60;

const tables = {
  minutes: {
    key: { series: "text", openTimeMs: "integer" },
    columns: { close: "decimal", trades: "integer" },
  },
} as const satisfies Tables;

const projection = { name: "minutes", version: 1, tables };

const shapes = {
  minutes: {
    tags: ["series"],
    time: { msColumn: "openTimeMs", nsColumn: null, nsBelow: MINUTE_MS * 1_000_000 },
  },
};

/** A minute's versions stand in it, each at its own position. */
describeWithInflux("rows of InfluxDB with many versions each", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-versions-"));
  const database = generationSchema(`versions-${randomUUID()}`, 1);
  const influx = new InfluxReadStore({ url: influxUrl(), database, projection, shapes });
  const sqlite = new SqliteReadStore({ file: join(folder, "minutes.db"), projection });

  after(async () => {
    for (const store of [influx, sqlite]) {
      await store.drop();
      await store.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("are after each batch those that SQLite has, deleted ones and revised ones included", async () => {
    const random = createRandom(20_261_128);
    for (const store of [influx, sqlite]) await store.create();
    for (let number = 0; number < BATCHES; number += 1) {
      // A position may be more than the nanoseconds of a millisecond.
      const from = number * EVENTS + (number > BATCHES / 2 ? 7_000_000 : 0);
      const batch = batchOf(from, random);
      for (const store of [influx, sqlite]) await apply(store, batch);
      const expected = await Array.fromAsync(sqlite.rows("minutes"));
      expect(await Array.fromAsync(influx.rows("minutes"))).to.deep.equal(expected);
      expect(await Array.fromAsync(influx.rows("minutes", undefined, 3))).to.deep.equal(expected);
      const keys = expected.map(({ row }) => [row["series"] ?? "", row["openTimeMs"] ?? 0]);
      const found = await rowsAt(influx, "minutes", { table: tables.minutes, keys });
      expect(found.map((one) => one?.position)).to.deep.equal(expected.map((one) => one.position));
    }
  });
});

function batchOf(from: number, random: ReturnType<typeof createRandom>) {
  const events = Array.from({ length: EVENTS }, (_, i) => {
    const openTimeMs = FIRST_MS + random.integer(0, MINUTES - 1) * MINUTE_MS;
    const key = { series: random.integer(0, 1) === 0 ? "a" : "b", openTimeMs };
    const row = { ...key, close: `${random.integer(1, 99)}.5`, trades: i };
    const isDeleted = random.integer(0, 2) === 0;
    const change: Change = isDeleted
      ? { table: "minutes", row: key, deleted: true }
      : { table: "minutes", row };
    return { position: from + i, changes: [change] };
  });
  return { next: from + EVENTS, changes: compact(tables, events) };
}

async function apply(store: ReadStore, batch: Pick<Batch, "next" | "changes">): Promise<void> {
  const { next: expected, epoch } = await store.take(PARTITION, LOG_ID);
  const rest = { parked: [], released: [], causes: new Map(), highestClaim: 0, recordedAtMs: 0 };
  const outcome = await store.apply({ partition: PARTITION, expected, epoch, ...rest, ...batch });
  expect(outcome).to.equal("applied");
}
