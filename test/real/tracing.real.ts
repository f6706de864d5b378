import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { Collector } from "../tracing/collector.ts";
import { ThreeProcesses } from "../tracing/processes.ts";
import { findWholeTrace } from "../tracing/whole-trace.ts";
import { kafkaEnvironment } from "./kafka-platform.ts";
import { describeWithServers, type TemporaryDatabase, temporaryDatabase } from "./servers.ts";

const SERVERS = ["CH_KAFKA_BROKERS", "CH_POSTGRES_URL", "CH_SCHEMA_REGISTRY_URL"] as const;

describeWithServers(
  "a trace through Kafka and PostgreSQL",
  SERVERS,
  function suite(this: Mocha.Suite) {
    this.timeout(900_000);
    const prefix = `test-${randomUUID()}.`;

    const processes = new ThreeProcesses();
    let collector: Collector;
    let database: TemporaryDatabase;

    before(async () => {
      collector = await Collector.start();
      database = await temporaryDatabase();
    });
    after(async () => {
      await processes.stop();
      await collector.stop();
      await database.drop();
      await deleteKafkaTopics(prefix);
    });

    it("is one trace of three processes, and their clients' figures tell what they did", async () => {
      await processes.start({
        ...kafkaEnvironment(prefix),
        CH_POSTGRES_URL: database.url,
        CH_OTLP_URL: collector.url,
      });
      await findWholeTrace(collector, processes, { log: "kafka", store: "postgresql" });
      const projections = await processes.metrics("projections");
      expect(projections).to.match(/client_requests_total{server="postgres",operation="apply"/);
      expect(projections).to.match(/client_requests_total{server="kafka",operation="Fetch"/);
      expect(projections).to.match(/client_connections{server="postgres",state="idle"} [1-9]/);
      const commandSide = await processes.metrics("command-side");
      expect(commandSide).to.match(/{server="kafka",operation="Produce",outcome="ok"} [1-9]/);
      expect(commandSide).to.match(/{server="kafka",operation="Heartbeat",outcome="ok"} [1-9]/);
    });
  },
);
