import { randomUUID } from "node:crypto";
import { NO_SERVERS } from "../../projections/stores.ts";
import { changedProjectionContract } from "../contracts/generations/changed-projection.ts";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { kafkaEnvironment } from "./kafka-platform.ts";
import { describeWithServers, type TemporaryDatabase, temporaryDatabase } from "./servers.ts";

describeWithServers(
  "a projection with a column more on Kafka and PostgreSQL, fed by newer code beside the older",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL", "CH_POSTGRES_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(240_000);
    const prefix = `test-${randomUUID()}.`;
    let database: TemporaryDatabase;

    before(async () => {
      database = await temporaryDatabase();
    });

    after(async () => {
      await database.drop();
      await deleteKafkaTopics(prefix);
    });

    changedProjectionContract(() => ({
      environment: { ...kafkaEnvironment(prefix), CH_POSTGRES_URL: database.url },
      servers: { ...NO_SERVERS, postgres: database.url },
    }));
  },
);
