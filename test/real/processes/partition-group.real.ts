import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Kafka } from "kafkajs";
import { clientConfig, type KafkaSettings } from "../../../platform/log/kafka/kafka-cluster.ts";
import { type GroupView, PartitionGroup } from "../../../platform/log/kafka/partition-group.ts";
import { createLogger } from "../../../platform/telemetry/logger.ts";
import { deleteKafkaTopics, kafkaSettings } from "../../contracts/log/kafka-server.ts";
import { describeWithServers } from "../servers.ts";

const SIZES = { many: 4, one: 1 } as const;
const PARTITIONS = 5;
const JOINERS = 4;
const LOOK_EVERY_MILLISECONDS = 20;
const SHARED_WITHIN_MILLISECONDS = 60_000;

describeWithServers(
  "partitions of a group",
  ["CH_KAFKA_BROKERS"],
  function suite(this: Mocha.Suite) {
    this.timeout(180_000);
    // The body of a suite is run where it is skipped, too.
    let settings: KafkaSettings;
    let group: string;
    let members: PartitionGroup[] = [];

    before(async () => {
      settings = kafkaSettings(`test-${randomUUID()}.`);
      const admin = new Kafka(clientConfig(settings)).admin();
      await admin.connect();
      const topics = Object.entries(SIZES).map(([topic, numPartitions]) => {
        return { topic: `${settings.topicPrefix}${topic}`, numPartitions };
      });
      await admin.createTopics({ topics, waitForLeaders: true });
      await admin.disconnect();
    });

    beforeEach(() => {
      group = randomUUID();
    });

    afterEach(async () => {
      await Promise.all(members.map((one) => one.leave()));
      members = [];
    });

    after(() => deleteKafkaTopics(settings.topicPrefix));

    function member(address: string): PartitionGroup {
      const logger = createLogger("error");
      const contact = { address, publicKey: `key of ${address}` };
      const topics = Object.keys(SIZES);
      const onShared = () => undefined;
      const one = new PartitionGroup({ settings, group, topics, contact, onShared, logger });
      members.push(one);
      return one;
    }

    /** When each is given what `counts` says of it. */
    async function shared(counts: readonly number[]): Promise<void> {
      const deadlineMs = performance.now() + SHARED_WITHIN_MILLISECONDS;
      const now = () => members.map(({ mine }) => mine.size).toSorted();
      while (String(now()) !== String(counts) && performance.now() < deadlineMs) {
        await sleep(LOOK_EVERY_MILLISECONDS);
      }
      expect(now()).to.deep.equal(counts);
    }

    it("are shared out among those who are there, who keep what they have", async () => {
      const first = member("http://first");
      await first.join();
      await shared([PARTITIONS]);
      const second = member("http://second");
      await second.join();
      await shared([2, 3]);
      const held = new Set(first.mine);
      expect(first.mine.intersection(second.mine).size).to.equal(0);
      const view = (await second.view()) as GroupView;
      for (const key of first.mine) expect(view.owners.get(key)?.address).to.equal("http://first");
      for (const key of second.mine) {
        expect(view.owners.get(key)?.publicKey).to.equal("key of http://second");
      }
      await second.leave();
      members = [first];
      await shared([PARTITIONS]);
      expect(first.mine.isSupersetOf(held)).to.equal(true);
    });

    it("can be asked for at any time: while others join nobody knows, or all is told", async () => {
      await member("http://first").join();
      await shared([PARTITIONS]);
      const observer = member("http://observer");
      let isJoining = true;
      const views: (GroupView | null)[] = [];
      const asking = (async () => {
        while (isJoining) {
          observer.doubt();
          views.push(await observer.view());
        }
      })();
      const joining = (async () => {
        for (let index = 0; index < JOINERS; index += 1) await member(`http://${index}`).join();
        isJoining = false;
      })();
      await Promise.all([asking, joining]);
      expect(views.length).to.be.greaterThan(0);
      for (const view of views) {
        if (view !== null && view.members.length > 0) expect(view.owners.size).to.equal(PARTITIONS);
      }
      members = members.filter((one) => one !== observer);
      await shared([1, 1, 1, 1, 1]);
    });
  },
);
