import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { PartitionKey } from "../../platform/log/log.ts";
import type { Batch } from "../../projections/runner/read-store.ts";
import { counters, TOPIC } from "../../projections/runner/runner.fixture.ts";
import { integer } from "../../projections/runner/sql-row.ts";
import { PostgresPool } from "../../projections/stores/postgres/pool.ts";
import { PostgresReadStore } from "../../projections/stores/postgres/store.ts";
import { feedDisturbed, feedTwice } from "./fed-log.ts";
import { describeWithPostgresPrograms, openPrivatePostgres } from "./private-postgres.ts";
import { describeWithPostgres, postgresUrl } from "./servers.ts";

const PARTITION: PartitionKey = `${TOPIC}/0`;
const EMPTY_BATCH: Batch = {
  ...{ partition: PARTITION, expected: 0, next: 1, epoch: 0, highestClaim: 0, recordedAtMs: 0 },
  ...{ changes: [], parked: [], released: [], causes: new Map() },
};

function openStore(url: string, schema: string): PostgresReadStore {
  return new PostgresReadStore({ url, schema, projection: counters });
}

function newSchema(): string {
  return `test_faults_${randomUUID()}`;
}

describeWithPostgresPrograms("a PostgreSQL that is restarted while batches are written", () => {
  for (const mode of ["fast", "immediate"] as const) {
    it(`loses and doubles nothing (${mode})`, async function () {
      this.timeout(120_000);
      const server = await openPrivatePostgres();
      try {
        await feedDisturbed(openStore(server.url, newSchema()), async () => server.restart(mode));
      } finally {
        server.remove();
      }
    });
  }
});

describeWithPostgresPrograms("a PostgreSQL that goes quiet while a batch is written", () => {
  it("is given up on in time, and what it has done meanwhile is noticed", async function () {
    this.timeout(120_000);
    const server = await openPrivatePostgres();
    const store = openStore(server.url, "test_faults_g1");
    const admin = new PostgresPool({ url: server.url, name: "test", connections: 1 });
    try {
      await store.create();
      const { epoch } = await store.take(PARTITION, "log-1");
      const row = { counter: "c-1", value: 1 };
      const change = { table: "counters", row, position: 0 };
      const apply = () => store.apply({ ...EMPTY_BATCH, epoch, changes: [change] });
      const [session] = await admin.query({
        text: `SELECT pid FROM pg_stat_activity
               WHERE application_name LIKE 'cipherhorizon test_faults_g1'`,
      });
      const pid = integer(session ?? {}, "pid");
      process.kill(pid, "SIGSTOP");
      const startedMs = performance.now();
      const error = await apply().catch((thrown: unknown) => thrown);
      process.kill(pid, "SIGCONT");
      expect(error).to.have.property("code", "STORE_UNAVAILABLE");
      expect(performance.now() - startedMs).to.be.within(30_000, 45_000);
      await sleep(500);
      expect(await apply()).to.equal("behind");
      const rows = await Array.fromAsync(store.rows("counters"));
      expect(rows.map((stored) => stored.row)).to.deep.equal([row]);
    } finally {
      for (const one of [store, admin]) await one.close();
      server.remove();
    }
  });
});

describeWithPostgres("PostgreSQL, while batches are written", () => {
  it("ends all connections, and nothing is lost or doubled", async function () {
    this.timeout(120_000);
    const admin = new PostgresPool({ url: postgresUrl(), name: "disturber", connections: 1 });
    await feedDisturbed(openStore(postgresUrl(), newSchema()), async () => {
      await admin.query({
        text: `SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
               WHERE application_name LIKE 'cipherhorizon test_faults_%'`,
      });
    });
    await admin.close();
  });

  it("is taken over by a second projector, and the first stops", async function () {
    this.timeout(120_000);
    const schema = newSchema();
    await feedTwice([openStore(postgresUrl(), schema), openStore(postgresUrl(), schema)]);
  });
});
