import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Client } from "pg";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { type PlatformUnderTest, tickFiles, untilProjected } from "../oracles/data.ts";
import { realFills } from "../oracles/fills.ts";
import { TICKS_IN_ALL_FILES, toldByQueries } from "../oracles/ticks.ts";
import { type PlatformProcess, startPlatformProcess } from "../platform-process.ts";
import { jsonLines, runCli } from "../run-cli.ts";
import { describeWithSampleData } from "../sample-data.ts";
import { kafkaEnvironment, logPlaceOf } from "./kafka-platform.ts";
import { describeWithServers, type TemporaryDatabase, temporaryDatabase } from "./servers.ts";

/** Rows as PostgreSQL's own client reads them: of every fill one trade, each of its own. */
const COUNT_TRADES = `SELECT "portfolioId", count(*)::int AS trades,
  count(DISTINCT "tradeId")::int AS ids FROM "portfolios_g1"."trades" GROUP BY 1 ORDER BY 1`;
const FILLS_IN_FILE = 3_432;

describeWithServers(
  "recorded data on Kafka, with portfolios in PostgreSQL",
  ["CH_KAFKA_BROKERS", "CH_POSTGRES_URL", "CH_SCHEMA_REGISTRY_URL"],
  function onServers(this: Mocha.Suite) {
    this.timeout(600_000);
    const prefix = `test-${randomUUID()}.`;
    const environment: Record<string, string> = {};
    let database: TemporaryDatabase;

    before(async () => {
      database = await temporaryDatabase();
      Object.assign(environment, kafkaEnvironment(prefix), { CH_POSTGRES_URL: database.url });
    });

    after(async () => {
      await database.drop();
      await deleteKafkaTopics(prefix);
    });

    const under: PlatformUnderTest = {
      title: "Kafka and PostgreSQL",
      environment,
      log: (folder) => logPlaceOf(folder, prefix),
    };
    realFills(under);

    // Mocha runs nested suites in their order, after the cases beside them.
    describe("afterwards", () => {
      it("stands in PostgreSQL as it was filled, asked without the platform", async () => {
        const client = new Client({ connectionString: database.url });
        await client.connect();
        try {
          const { rows } = await client.query(COUNT_TRADES);
          expect(rows.length).to.be.above(1);
          for (const { trades, ids } of rows) {
            expect([trades, ids]).to.deep.equal([FILLS_IN_FILE, FILLS_IN_FILE]);
          }
        } finally {
          await client.end();
        }
      });
    });
  },
);

describeWithServers(
  "recorded ticks on Kafka",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function onServers(this: Mocha.Suite) {
    this.timeout(600_000);
    const prefix = `test-${randomUUID()}.`;

    after(() => deleteKafkaTopics(prefix));

    describeWithSampleData("the sample ticks", (data) => {
      let folder: string;
      let platform: PlatformProcess;

      before(async () => {
        folder = mkdtempSync(join(tmpdir(), "cipherhorizon-ticks-"));
        platform = await startPlatformProcess(folder, kafkaEnvironment(prefix));
        const files = tickFiles(data).map((file) => join(data, "ticks", file));
        const words = ["import", "ticks", ...files, "--register", "--json", "--data", folder];
        const run = await runCli(words);
        expect(run.exitCode, run.stderr).to.equal(0);
        expect(jsonLines(run.stdout).at(-1)).to.include({ accepted: TICKS_IN_ALL_FILES });
        await untilProjected(platform.url);
      });

      after(async () => {
        await platform?.stop();
        rmSync(folder, { recursive: true, force: true });
      });

      toldByQueries(data, () => platform.url);
    });
  },
);
