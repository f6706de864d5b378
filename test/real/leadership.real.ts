import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Kafka } from "kafkajs";
import { clientConfig, type KafkaSettings } from "../../platform/log/kafka/kafka-cluster.ts";
import { KafkaLeadership } from "../../platform/log/kafka/leadership.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { deleteKafkaTopics, kafkaSettings } from "../contracts/log/kafka-server.ts";
import { describeWithServers } from "./servers.ts";

const TOPIC = "led";
const JOINERS = 5;
const LOOK_EVERY_MILLISECONDS = 20;
const LED_WITHIN_MILLISECONDS = 30_000;

describeWithServers("who leads", ["CH_KAFKA_BROKERS"], function suite(this: Mocha.Suite) {
  this.timeout(120_000);
  // The body of a suite is run where it is skipped, too.
  let settings: KafkaSettings;
  const members: KafkaLeadership[] = [];

  before(async () => {
    settings = kafkaSettings(`test-${randomUUID()}.`);
    const admin = new Kafka(clientConfig(settings)).admin();
    await admin.connect();
    const topic = `${settings.topicPrefix}${TOPIC}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
  });
  after(async () => {
    await Promise.all(members.map((member) => member.leave()));
    await deleteKafkaTopics(settings.topicPrefix);
  });

  function member(address: string): KafkaLeadership {
    const logger = createLogger("error");
    const onDecided = () => undefined;
    const one = new KafkaLeadership({
      ...{ settings, group: "leaders", topic: TOPIC },
      ...{ address, logger, onDecided },
    });
    members.push(one);
    return one;
  }

  it("can be asked at any time: while others join it is the same, or nobody knows", async () => {
    const first = member("http://first");
    await first.join();
    const deadlineMs = performance.now() + LED_WITHIN_MILLISECONDS;
    while (!first.leads && performance.now() < deadlineMs) await sleep(LOOK_EVERY_MILLISECONDS);

    const observer = member("http://observer");
    const answers = new Set([await observer.leader()]);
    expect([...answers]).to.deep.equal(["http://first"]);
    let isJoining = true;
    const asking = (async () => {
      while (isJoining) {
        observer.doubtLeader();
        answers.add(await observer.leader());
      }
    })();
    const joining = (async () => {
      for (let index = 0; index < JOINERS; index++) await member(`http://${index}`).join();
      isJoining = false;
    })();
    await Promise.all([asking, joining]);
    expect([null, "http://first"]).to.include.members([...answers]);
  });
});
