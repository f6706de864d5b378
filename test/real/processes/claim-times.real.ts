import { expect } from "chai";
import { FencedPartition } from "../../../platform/log/kafka/fenced-partition.ts";
import { KafkaCluster } from "../../../platform/log/kafka/kafka-cluster.ts";
import { KafkaLogReader } from "../../../platform/log/kafka/kafka-log-reader.ts";
import type { LogReader } from "../../../platform/log/log.ts";
import { logAdapters } from "../../contracts/log/adapters.ts";
import { kafkaSettings } from "../../contracts/log/kafka-server.ts";
import { rawClaim, rawRecords, readAll } from "../../contracts/log/raw-records.ts";
import { describeWithServers } from "../servers.ts";

const PARTITION = { topic: "one.events", partition: 0 };
/** So far is the clock of the former owner before that of the next. */
const AHEAD_MILLISECONDS = 60_000;

describeWithServers("a claim on Kafka", ["CH_KAFKA_BROKERS"], function suite(this: Mocha.Suite) {
  this.timeout(120_000);
  const { create, open, remove } = logAdapters.kafka;
  const address = create();
  const now = Date.now;

  afterEach(() => {
    Date.now = now;
  });

  after(() => remove(address));

  it("leaves times rising, whatever its predecessor appends until it stands", async () => {
    await (await open(address, [{ topic: PARTITION.topic, partitions: 1 }])).close();
    const cluster = await KafkaCluster.connect(kafkaSettings(address));
    const reader = new KafkaLogReader(cluster);
    const parts = { cluster, reader, partition: PARTITION, compression: "none" } as const;
    const former = new FencedPartition(parts);
    const reign = await former.claim(rawClaim("former"));
    let isClaiming = true;
    const meanwhile = new KafkaLogReader(cluster);
    // The next owner has looked at the end; then the former one appends once more.
    const read: LogReader["read"] = async (...asked) => {
      const records = await KafkaLogReader.prototype.read.apply(reader, asked);
      if (!isClaiming) return records;
      isClaiming = false;
      Date.now = () => now() + AHEAD_MILLISECONDS;
      const appended = await former.append(reign, reign.epoch + 1, rawRecords("late"));
      Date.now = now;
      expect(appended.outcome).to.equal("appended");
      return records;
    };
    Object.assign(meanwhile, { read });
    const next = new FencedPartition({ ...parts, reader: meanwhile });
    const its = await next.claim(rawClaim("next"));
    expect(its.epoch).to.equal(reign.epoch + 2);
    await next.append(its, its.epoch + 1, rawRecords("first"));
    const records = (await readAll(reader, PARTITION)).filter(({ key }) => !key.startsWith("~"));
    const [late, first] = records.map(({ timestampMs }) => timestampMs);
    expect(first).to.be.at.least(late as number);
    await meanwhile.close();
    await reader.close();
  });
});
