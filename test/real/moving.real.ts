import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { topics } from "../../kafka-topics/topics.ts";
import { type LogPlace, openLogWriting } from "../../platform/log/places.ts";
import { deleteKafkaTopics } from "../contracts/log/kafka-server.ts";
import { contentOf, plannedLog, topicsOf, writePlanned } from "../contracts/log/moved-log.ts";
import { printedSeed } from "../contracts/log/seed.ts";
import { runCli } from "../run-cli.ts";
import { kafkaEnvironment, logPlaceOf } from "./kafka-platform.ts";
import { describeWithServers } from "./servers.ts";

const KAFKA_PARTITIONS = 3;

/** What is of operations alone stays behind, and leaves a log that takes a second import as well. */
const somethingToMove = plannedLog.filter((plan) => {
  return plan.some(({ topic }) => topic !== "operations.events");
});

describeWithServers(
  "a platform that moves to Kafka and back",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(300_000);
    let root: string;
    const prefix = `test-${randomUUID()}.`;
    let kafka: Readonly<Record<string, string>>;

    before(() => {
      kafka = kafkaEnvironment(prefix);
      root = mkdtempSync(join(tmpdir(), "cipherhorizon-moving-"));
    });

    after(async () => {
      rmSync(root, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    async function cli(words: readonly string[], environment: Record<string, string> = {}) {
      const run = await runCli(["log", ...words], environment);
      expect(run.exitCode, run.stderr).to.equal(0);
    }

    it("keeps every stream there, on other partitions, and after the way back", async () => {
      const [plan = []] = fc.sample(somethingToMove, { numRuns: 1, seed: printedSeed() });
      const [first, last] = [placeOf("first"), join(root, "last")];
      const [there, back] = [join(root, "there"), join(root, "back")];
      await writePlanned(first, topics, plan);
      const onKafka = logPlaceOf(join(root, "unused"), prefix);
      await (await openLogWriting(onKafka, topicsOf(KAFKA_PARTITIONS, "as they are"))).close();

      await cli(["export", there, "--data", first.folder]);
      const environment = { ...kafka, CH_DATA_FOLDER: join(root, "unused") };
      await cli(["import", there], environment);
      const again = await runCli(["log", "import", there], environment);
      expect(again).to.include({ exitCode: 5, stdout: "" });
      expect(again.stderr).to.include("the log has events already");
      await cli(["export", back], environment);
      await cli(["import", back, "--data", last]);

      const { streams } = await contentOf(first);
      for (const place of [onKafka, { folder: last, kafka: null }]) {
        const moved = await contentOf(place);
        expect(moved.report).to.include({ isSound: true, voidEvents: 0 });
        expect(moved.lost).to.deep.equal([]);
        expect({ ...streams, ...moved.streams }).to.deep.equal(streams);
        const names = Object.keys(streams).filter((name) => !name.startsWith("operations."));
        expect(moved.streams).to.have.all.keys(names);
      }
    });

    function placeOf(name: string): LogPlace {
      const folder = join(root, name);
      mkdirSync(folder);
      return { folder, kafka: null };
    }
  },
);
