import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { KAFKA_RIGHTS } from "../../../deploy/logins/kafka.ts";
import { snapshotTopics, topics } from "../../../kafka-topics/topics.ts";
import { registeredProjection } from "../../../projections/registry.ts";
import { InfluxClient } from "../../../projections/stores/influx/client.ts";
import { builtBy } from "../../../projections/stores/influx/database.ts";
import { ticksAndCandles } from "../../../projections/ticks-and-candles/projection.ts";
import { runCli } from "../../run-cli.ts";
import { HAPPENS_WITHIN_MS, until } from "../asked-platform.ts";
import { influxMatrix } from "../logins/influx.ts";
import { kafkaMatrix, topicsSeenBy } from "../logins/kafka.ts";
import { documentRows, expectedOf, type Matrix, type Trial, walkMatrix } from "../logins/matrix.ts";
import { PartsPlatform } from "../logins/parts-platform.ts";
import { type PartsStack, startPartsStack } from "../logins/parts-stack.ts";
import { postgresMatrix } from "../logins/postgres.ts";
import { redisMatrix } from "../logins/redis.ts";
import { INFLUX_START_MS } from "../private-influx.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "operations", "logins.md");
const ID = "binance:BTC-USDT";
const OLD_MS = Date.parse("2024-08-08T12:00:10Z");
const LATER_MS = Date.parse("2024-08-20T12:00:10Z");
const OLD_MINUTE = "interval=1m&from=2024-08-08T12:00:00Z&to=2024-08-08T12:01:00Z";

describe("the logins that `stack up --logins` makes", function () {
  this.timeout(4 * HAPPENS_WITHIN_MS);
  let stack: PartsStack;

  before(async function () {
    this.timeout(INFLUX_START_MS);
    const started = await startPartsStack();
    if (started === null) return this.skip();
    stack = started;
  });

  after(() => stack?.destroy());

  describe("with each part of the platform started by its own", () => {
    let platform: PartsPlatform;

    before(() => {
      platform = new PartsPlatform(stack);
    });

    after(() => platform?.stop());

    async function shows(path: string, text: string): Promise<void> {
      await until(async () => (await platform.answer(path)).includes(text));
    }

    async function recordTicks(fromMs: number, prices: readonly string[]): Promise<void> {
      const ticks = prices.map((price, i) => ({ timeMs: fromMs + i, price, volume: "1" }));
      await platform.command(`instruments/${ID}/record-ticks`, { source: "backfill", ticks });
    }

    it("leave the making of topics to an operator", async () => {
      const early = await platform.startPart("command-side", "command-side").catch(String);
      const applied = await runCli(["topics", "apply"], stack.environmentOf("operator"));
      expect(applied.exitCode, applied.stderr).to.equal(0);
      expect(early).to.include("it may not make it: cipherhorizon topics apply does");
    });

    it("see the names of their own topics alone", async () => {
      const all = [...topics, ...snapshotTopics].map(({ topic }) => topic);
      const whole = ["command-side", "operator"];
      for (const login of KAFKA_RIGHTS.keys()) {
        const seen = await topicsSeenBy(stack, login);
        if (whole.includes(login)) expect(seen, login).to.have.members(all);
        else if (login === "queries")
          expect(seen).to.have.members(topics.map(({ topic }) => topic));
        else {
          const own = registeredProjection(login).projection.topics;
          expect(seen, login).to.have.members([...own, "operations.events"]);
        }
      }
    });

    it("let a deposit in, have its risk assessed, and answer from every read model", async () => {
      await platform.start();
      await platform.command("portfolios/p-1/open-portfolio", { name: "p", baseCurrency: "USDT" });
      const funds = { asset: "USDT", amount: "100", externalReference: "r-1" };
      await platform.command("portfolios/p-1/deposit-funds", funds);
      await platform.command("traders/t-1/register-trader", { handle: "t_1" });
      await shows("/v1/portfolios/p-1/cash", '"100"');
      await shows("/v1/portfolios/p-1/risk", '"100"');
      await shows("/v1/portfolios/p-1/equity-curve", '"100"');
      await shows("/v1/traders/t-1", "t_1");
      await until(async () => (await platform.answer("/readyz")) !== "");
    });

    it("have a minute revised from the ticks that the query API reads", async () => {
      const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
      const steps = { priceStep: "0.01", quantityStep: "0.01" };
      await platform.command(`instruments/${ID}/register-instrument`, { ...listing, ...steps });
      await recordTicks(LATER_MS, ["200", "201"]);
      await shows(`/v1/instruments/${ID}/last-price`, '"201"');
      await recordTicks(OLD_MS, ["100", "110", "90"]);
      await shows(`/v1/instruments/${ID}/candles?${OLD_MINUTE}`, '"trades":3');
      await shows("/v1/events?topic=market.events&type=CandleRevised", '"CandleRevised"');
    });

    it("tell what was, as a picture of all of them, from the log", async () => {
      const asOf = `asOf=${Date.now()}`;
      await sleep(5);
      const more = { asset: "USDT", amount: "11", externalReference: "r-2" };
      await platform.command("portfolios/p-1/deposit-funds", more);
      await shows("/v1/portfolios/p-1/cash", '"111"');
      await shows(`/v1/portfolios/p-1/cash?${asOf}`, '"100"');
      await shows(`/v1/portfolios/p-1/risk?${asOf}`, '"100"');
      await shows(`/v1/traders/t-1/overview?${asOf}`, "t_1");
      await shows(`/v1/instruments/${ID}/last-price?${asOf}`, '"201"');
    });

    it("read a generation that is built anew, and no longer see the one before it", async () => {
      const rebuild = { version: ticksAndCandles.version, reason: "test" };
      await platform.command("projections/ticks-and-candles/start-generation", rebuild);
      await shows(`/v1/instruments/${ID}/last-price`, '"generation":2');
      const url = stack.environmentOf("query-api")["CH_INFLUX_URL"] ?? "";
      const client = new InfluxClient({ url, connections: 1 });
      await until(async () => (await builtBy(client, "ticks_and_candles_g1")) === null);
      expect(await builtBy(client, "ticks_and_candles_g2")).to.include({
        name: "ticks-and-candles",
      });
      client.close();
    });

    it("show the query API who feeds what", async () => {
      const { data } = JSON.parse(await platform.answer("/v1/projections/portfolios")) as {
        readonly data: { readonly generations: readonly { readonly fedBy: object }[] };
      };
      expect(data.generations[0]?.fedBy).to.have.property("portfolio.events/0");
    });
  });

  const matrices: Readonly<Record<string, Matrix>> = {
    Kafka: kafkaMatrix,
    PostgreSQL: postgresMatrix,
    Redis: redisMatrix,
    "InfluxDB 1.8": influxMatrix,
  };
  for (const [server, matrix] of Object.entries(matrices)) {
    describe(`on ${server}`, () => {
      let trial: Trial;

      before(async () => {
        trial = await matrix.open(stack);
      });

      after(() => trial?.close());

      it("are asked for their passwords", async () => {
        for (const login of matrix.logins) {
          expect(await trial.enters(login, "another"), login).to.equal(false);
        }
      });

      it("may what they need, and nothing else", async () => {
        expect(await walkMatrix(matrix, trial)).to.deep.equal(expectedOf(matrix));
      });

      it("stand in the documents as they are", () => {
        const page = readFileSync(PAGE, "utf8").split("\n");
        const bare = new Set(page.map((line) => line.replaceAll(/ *\| */g, "|").trim()));
        expect(documentRows(matrix).filter((row) => !bare.has(row))).to.deep.equal([]);
      });
    });
  }
});
