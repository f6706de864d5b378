import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import {
  PostgresProcessStore,
  processSchema,
} from "../../../command-side/process-managers/postgres-process-store.ts";
import { riskAssessment } from "../../../command-side/process-managers/risk-assessment/projection.ts";
import { deleteKafkaTopics } from "../../contracts/log/kafka-server.ts";
import { eventsOf, withHistory } from "../../history/read-history.ts";
import { answersOk, type SpawnedPlatform, spawnPlatform } from "../../platform-process.ts";
import { kafkaEnvironment, logPlaceOf } from "../kafka-platform.ts";
import { describeWithServers, type TemporaryDatabase, temporaryDatabase } from "../servers.ts";

const PORTFOLIO = "p-1";
const WITHIN_MILLISECONDS = 120_000;
const LOOK_EVERY_MILLISECONDS = 500;

describeWithServers(
  "a process manager on Kafka that another process has run meanwhile",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL", "CH_POSTGRES_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(400_000);
    let folder: string;
    let prefix: string;
    let database: TemporaryDatabase;
    let platform: SpawnedPlatform;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-fenced-"));
      prefix = `test-${randomUUID()}.`;
      database = await temporaryDatabase();
      const environment = {
        ...kafkaEnvironment(prefix),
        CH_POSTGRES_URL: database.url,
        CH_PROCESS_MANAGERS: riskAssessment.name,
      };
      platform = spawnPlatform(join(folder, "data"), environment, "command-side");
    });

    after(async () => {
      await platform.kill();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    it("begins anew where its partition is owned, and acts on what came meanwhile", async () => {
      const url = await platform.ready();
      await post(url, "open-portfolio", { name: "Fenced", costMethod: "average" });
      let sequence = 1;
      // A store that is slow at first lets commands through before the manager acts.
      await until(async () => {
        await deposit(url);
        sequence += 1;
        return (await assessed()) > 0;
      });
      await until(async () => (await assessed()) === sequence);
      await fence();
      await deposit(url);
      await until(async () => (await assessed()) === sequence + 1);
      await until(() => answersOk(`${url}/readyz`));
    });

    /** As a process does that was given the managers, and has ended since. */
    async function fence(): Promise<void> {
      const at = { url: database.url, schema: processSchema(riskAssessment.name) };
      const store = new PostgresProcessStore({ ...at, projection: riskAssessment });
      try {
        await withHistory(logPlaceOf(folder, prefix), async ({ log }) => {
          await store.reign(await log.logId());
        });
      } finally {
        await store.close();
      }
    }

    /** How much of the portfolio its newest assessment knows. */
    async function assessed(): Promise<number> {
      return withHistory(logPlaceOf(folder, prefix), async (history) => {
        let newest = 0;
        for await (const { aggregateId, event } of eventsOf(history, "risk.events")) {
          if (aggregateId !== PORTFOLIO || event.type !== "RiskAssessed") continue;
          newest = (event.data as { readonly portfolioSequence: number }).portfolioSequence;
        }
        return newest;
      });
    }

    async function until(holds: () => Promise<boolean>): Promise<void> {
      const deadline = performance.now() + WITHIN_MILLISECONDS;
      while (!(await holds())) {
        const late = performance.now() > deadline;
        if (late) throw new Error(`it did not come to that in time:\n${platform.messages()}`);
        await sleep(LOOK_EVERY_MILLISECONDS);
      }
    }
  },
);

function deposit(url: string): Promise<void> {
  return post(url, "deposit-funds", {
    asset: "USDT",
    amount: "10",
    externalReference: randomUUID(),
  });
}

async function post(url: string, command: string, data: object): Promise<void> {
  const answer = await fetch(`${url}/v1/portfolios/${PORTFOLIO}/${command}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  expect(answer.ok, await answer.text()).to.equal(true);
}
