import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Kafka } from "kafkajs";
import { snapshotTopics, topics } from "../../kafka-topics/topics.ts";
import { clientConfig } from "../../platform/log/kafka/kafka-cluster.ts";
import { deleteKafkaTopics, kafkaSettings } from "../contracts/log/kafka-server.ts";
import { jsonLines, runCli } from "../run-cli.ts";
import { kafkaEnvironment } from "./kafka-platform.ts";
import { describeWithServers } from "./servers.ts";

describeWithServers(
  "the topics on Kafka",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(120_000);
    const prefix = `test-${randomUUID()}.`;
    const cli = (...words: string[]) => runCli(words, kafkaEnvironment(prefix));

    after(() => deleteKafkaTopics(prefix));

    async function administer(use: (admin: ReturnType<Kafka["admin"]>) => Promise<unknown>) {
      const admin = new Kafka(clientConfig(kafkaSettings(prefix))).admin();
      await admin.connect();
      try {
        await use(admin);
      } finally {
        await admin.disconnect();
      }
    }

    it("are wanted by the doctor where there are none", async () => {
      const findings = jsonLines((await cli("doctor", "--json")).stdout);
      const log = findings.find(({ about }) => about === "log");
      expect(log).to.include({ level: "fail", todo: "as the error says" });
      expect(log?.["detail"]).to.include("cipherhorizon topics apply makes the topics");
    });

    it("are planned, made with their first records, and then as they should be", async () => {
      const planned = await cli("topics", "plan", "--json");
      expect(jsonLines(planned.stdout)).to.have.length(topics.length + snapshotTopics.length);
      expect((await cli("topics", "apply")).exitCode).to.equal(0);
      const again = await cli("topics", "plan", "--json");
      expect([again.exitCode, again.stdout]).to.deep.equal([0, ""]);
      const verified = await cli("log", "verify");
      expect(verified.exitCode, verified.stderr).to.equal(0);
    });

    it("get their settings back when somebody has changed them", async () => {
      const [{ topic }] = topics as [(typeof topics)[number]];
      const name = `${prefix}${topic}`;
      const configEntries = [{ name: "retention.ms", value: "1000" }];
      const change = { validateOnly: false, resources: [{ type: 2, name, configEntries }] };
      await administer((admin) => admin.alterConfigs(change));
      const planned = jsonLines((await cli("topics", "plan", "--json")).stdout);
      expect(planned).to.deep.include({
        kind: "configuration",
        topic,
        name: "retention.ms",
        there: "1000",
        wanted: "-1",
      });
      expect((await cli("topics", "apply")).exitCode).to.equal(0);
      expect((await cli("topics", "plan", "--json")).stdout).to.equal("");
    });

    it("never get another number of partitions", async () => {
      const planned = await cli("topics", "plan", "--sizes", "production");
      expect(planned.exitCode).to.equal(5);
      expect(planned.stdout).to.include("portfolio.events: has 4 partitions, 24 are wanted");
      const applied = await cli("topics", "apply", "--sizes", "production");
      expect(applied.exitCode).to.equal(5);
      expect(applied.stderr).to.include("keys would move");
    });
  },
);
