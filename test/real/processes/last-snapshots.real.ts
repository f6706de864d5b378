import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { partitionOf } from "../../../platform/kernel/hash.ts";
import { deleteKafkaTopics } from "../../contracts/log/kafka-server.ts";
import { type SpawnedPlatform, spawnPlatform } from "../../platform-process.ts";
import { kafkaEnvironment } from "../kafka-platform.ts";
import { describeWithServers } from "../servers.ts";
import { sealedSets } from "../snapshot-sets.ts";
import { toldFolds } from "../told-folds.ts";

const TOPIC = "portfolio.events";
const PORTFOLIO = "p-1";
const PARTITION = partitionOf(PORTFOLIO, 4);
/** Worth a last snapshot, and far too few for one while it runs. */
const EVENTS = 1_500;

describeWithServers(
  "the last snapshots of command sides on Kafka",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(600_000);
    let folder: string;
    let prefix: string;
    const processes: SpawnedPlatform[] = [];

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-last-"));
      prefix = `test-${randomUUID()}.`;
    });

    afterEach(async () => {
      await Promise.all(processes.splice(0).map((one) => one.kill()));
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    function spawn(name: string): SpawnedPlatform {
      const environment = { ...kafkaEnvironment(prefix), CH_LOG_LEVEL: "debug" };
      const spawned = spawnPlatform(join(folder, name), environment, "command-side");
      processes.push(spawned);
      return spawned;
    }

    const snapshots = () => sealedSets(prefix, TOPIC, "portfolio.snapshots");

    it("are written by the one that finds nobody left, and spare the next start the log", async () => {
      const [first, last] = [spawn("first"), spawn("last")];
      await first.ready();
      await deposit(await last.ready());
      expect(await first.stop(), first.messages()).to.equal(0);
      expect(await snapshots()).to.deep.equal([]);
      expect(await last.stop(), last.messages()).to.equal(0);
      const [written, ...others] = await snapshots();
      expect([written?.partition, others]).to.deep.equal([PARTITION, []]);
      expect(written?.position).to.be.at.least(EVENTS);
      const next = spawn("next");
      const folds = toldFolds(next, TOPIC);
      await next.ready();
      const fold = folds().find(({ partition }) => partition === PARTITION);
      expect(fold?.snapshot).to.equal(written?.position);
      // A claim, perhaps two: nothing of what clients have sent.
      expect(fold?.read).to.be.at.most(4);
    });

    it("are written when all are told to end at once", async () => {
      const all = [spawn("one"), spawn("other")];
      const [url = ""] = await Promise.all(all.map((one) => one.ready()));
      await deposit(url);
      const codes = await Promise.all(all.map((one) => one.stop()));
      expect(codes, all.map((one) => one.messages()).join("\n")).to.deep.equal([0, 0]);
      const written = (await snapshots()).filter(({ isKept }) => isKept);
      expect(written.map(({ partition }) => partition)).to.include(PARTITION);
      expect(Math.max(...written.map(({ position }) => position))).to.be.at.least(EVENTS);
    });
  },
);

async function deposit(url: string): Promise<void> {
  const of = { aggregate: "portfolio", id: PORTFOLIO };
  const opening = { ...of, type: "OpenPortfolio", data: { name: "Last", costMethod: "average" } };
  const deposits = Array.from({ length: EVENTS }, (_, index) => {
    const data = { asset: "USDT", amount: "1", externalReference: `in-${index}` };
    return { ...of, type: "DepositFunds", data };
  });
  const lines = [opening, ...deposits].map((one) => {
    return JSON.stringify({ ...one, commandId: randomUUID() });
  });
  const answer = await fetch(`${url}/v1/commands`, {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: lines.join("\n"),
  });
  const outcomes = (await answer.text()).trim().split("\n");
  const refused = outcomes.filter((line) => JSON.parse(line).outcome !== "accepted");
  expect(refused.slice(0, 3)).to.deep.equal([]);
  expect(outcomes).to.have.length(EVENTS + 1);
}
