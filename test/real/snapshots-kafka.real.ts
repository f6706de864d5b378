import { snapshotStoreContract } from "../contracts/snapshot-store/suite.ts";
import { describeWithServers } from "./servers.ts";

describeWithServers("Kafka", ["CH_KAFKA_BROKERS"], function kafka(this: Mocha.Suite) {
  // A topic takes Kafka a moment to make.
  this.timeout(60_000);
  snapshotStoreContract("kafka");
});
