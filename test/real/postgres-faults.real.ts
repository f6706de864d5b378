import { randomUUID } from "node:crypto";
import { PostgresPool } from "../../projections/runner/postgres-pool.ts";
import { PostgresReadStore } from "../../projections/runner/postgres-store.ts";
import { counters } from "../../projections/runner/runner.fixture.ts";
import { feedDisturbed, feedTwice } from "./fed-log.ts";
import { describeWithPostgresPrograms, openPrivatePostgres } from "./private-postgres.ts";
import { describeWithPostgres, postgresUrl } from "./servers.ts";

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
