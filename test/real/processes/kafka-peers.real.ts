import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { KafkaPeers } from "../../../cli/serve/kafka-peers.ts";
import { PeerKeys } from "../../../platform/access/peer-keys.ts";
import { createLogger } from "../../../platform/telemetry/logger.ts";
import { logAdapters } from "../../contracts/log/adapters.ts";
import { logPlaceOf } from "../kafka-platform.ts";
import { describeWithServers } from "../servers.ts";

const LOOKS = 300;
const LOOK_EVERY_MILLISECONDS = 100;
const TOPIC = { topic: "one.events", partitions: 2 };

describeWithServers(
  "the command sides in one group",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(120_000);
    const { open, remove } = logAdapters.kafka;
    const prefix = `test-${randomUUID()}.`;
    const joined: KafkaPeers[] = [];

    before(async () => {
      await (await open(prefix, [TOPIC])).close();
    });

    after(async () => {
      await Promise.all(joined.map((one) => one.leave()));
      await remove(prefix);
    });

    async function join(name: string): Promise<KafkaPeers> {
      const { kafka } = logPlaceOf("", prefix);
      if (kafka === null) throw new Error("the log is on Kafka");
      const peers = new KafkaPeers({
        kafka,
        topics: [TOPIC.topic],
        logger: createLogger("silent"),
      });
      joined.push(peers);
      await peers.join({ address: `http://${name}`, onShared: () => undefined });
      return peers;
    }

    async function keyOf(peers: KafkaPeers, name: string): Promise<string> {
      for (let look = 0; look < LOOKS; look += 1) {
        const members = (await peers.view())?.members ?? [];
        const its = members.find(({ address }) => address === `http://${name}`);
        if (its !== undefined) return its.publicKey;
        peers.doubt();
        await sleep(LOOK_EVERY_MILLISECONDS);
      }
      throw new Error(`${name} is not in the group`);
    }

    it("let each other in, and nobody who has not joined", async () => {
      const [one, other] = [await join("one"), await join("other")];
      const key = await keyOf(other, "one");
      expect(await one.isPeer(other.authorizationFor(key))).to.equal(true);
      expect(await one.isPeer(new PeerKeys().authorizationFor(key))).to.equal(false);
      expect(await one.isPeer(undefined)).to.equal(false);
    });
  },
);
