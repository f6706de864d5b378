import { logFencingContract } from "../contracts/log/fencing-contract.ts";
import { logContract } from "../contracts/log/log-contract.ts";
import { describeWithServers } from "./servers.ts";

describeWithServers("Kafka", ["CH_KAFKA_BROKERS"], function kafka(this: Mocha.Suite) {
  // A topic takes Kafka a moment to make.
  this.timeout(20_000);
  logContract("kafka");
  logFencingContract("kafka");
});
