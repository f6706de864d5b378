import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { exitCodes } from "../../../cli/exit-codes.ts";
import { within } from "../../../platform/lifecycle/within.ts";
import { deleteKafkaTopics } from "../../contracts/log/kafka-server.ts";
import { answersOk, type SpawnedPlatform, spawnPlatform } from "../../platform-process.ts";
import { freePort } from "../free-port.ts";
import { describeWithServers, serverAddress } from "../servers.ts";

const PARTS = ["command-side", "projections", "query-api"] as const;
type Part = (typeof PARTS)[number];
const PORT_VARIABLES = {
  "command-side": "CH_COMMAND_PORT",
  projections: "CH_PROJECTIONS_PORT",
  "query-api": "CH_PORT",
} as const;
const WITHIN_MILLISECONDS = 90_000;
const LOOK_EVERY_MILLISECONDS = 50;
/** Longer than two attempts, and so that one that asks nobody again would be found. */
const AWAY_MILLISECONDS = 2_000;

describeWithServers(
  "a part that starts before Kafka or its registry",
  ["CH_KAFKA_BROKERS", "CH_SCHEMA_REGISTRY_URL"],
  function suite(this: Mocha.Suite) {
    this.timeout(600_000);
    const prefix = `test-${randomUUID()}.`;
    const started: SpawnedPlatform[] = [];
    let folder: string;
    let kafka: Door;
    let registry: Door;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-waiting-"));
    });

    beforeEach(async () => {
      kafka = await Door.before(new URL(`kafka://${serverAddress("CH_KAFKA_BROKERS")}`));
      registry = await Door.before(new URL(serverAddress("CH_SCHEMA_REGISTRY_URL")));
    });

    afterEach(() => Promise.all([kafka.close(), registry.close()]));

    after(async () => {
      await Promise.all(started.map((one) => one.kill()));
      rmSync(folder, { recursive: true, force: true });
      await deleteKafkaTopics(prefix);
    });

    async function start(part: Part, environment: Readonly<Record<string, string>> = {}) {
      const registryUrl = new URL(serverAddress("CH_SCHEMA_REGISTRY_URL"));
      registryUrl.host = registry.address;
      const port = await freePort();
      const own = {
        CH_KAFKA_BROKERS: kafka.address,
        CH_SCHEMA_REGISTRY_URL: registryUrl.href,
        CH_KAFKA_TOPIC_PREFIX: prefix,
        CH_KAFKA_REPLICATION: "1",
        CH_COMMAND_URL: "http://127.0.0.1:1",
        [PORT_VARIABLES[part]]: String(port),
        ...environment,
      };
      const spawned = spawnPlatform(join(folder, randomUUID()), own, part);
      started.push(spawned);
      return { ...spawned, url: `http://127.0.0.1:${port}` };
    }

    // The command side comes first: it makes what the others read.
    for (const part of PARTS) {
      it(`waits, says so, and goes on when they are there: ${part}`, async () => {
        const { url, messages } = await start(part);
        await untilReadiness(url, (text) => text.includes("ECONNREFUSED"));
        expect(await readinessOf(url)).to.include("it waits for the log: ");
        expect(messages()).to.include("the log is not there; waiting for it");
        expect(await answersOk(`${url}/livez`)).to.equal(true);
        expect((await fetch(`${url}/v1/portfolios`)).status).to.equal(503);
        await sleep(AWAY_MILLISECONDS);
        await kafka.open();
        if (part === "command-side") {
          await untilReadiness(url, (text) => text.includes("the schema registry at"));
        }
        await registry.open();
        await untilReadiness(url, (text) => !text.includes("it waits for the log"));
        await untilReadiness(url, (text) => part === "query-api" || text === "ready");
        expect((await fetch(`${url}/nowhere`)).status).to.equal(404);
      });
    }

    it("waits for a Kafka that takes connections and answers nothing", async () => {
      await kafka.open("silent");
      await registry.open();
      const { url } = await start("query-api");
      await untilReadiness(url, (text) => text.includes("no answer to Metadata"));
      await kafka.close();
      await kafka.open();
      await untilReadiness(url, (text) => !text.includes("it waits for the log"));
    });

    for (const part of PARTS) {
      it(`ends well when it is told to while it waits: ${part}`, async () => {
        const { url, stop, messages } = await start(part);
        await untilReadiness(url, (text) => text.includes("ECONNREFUSED"));
        expect(await stop(), messages()).to.equal(exitCodes.ok);
      });

      it(`does not wait where the login is wrong: ${part}`, async () => {
        await Promise.all([kafka.open(), registry.open()]);
        const { child, messages } = await start(part, { CH_KAFKA_LOGIN: "somebody:swordfish" });
        await ended(child);
        expect(child.exitCode, messages()).to.equal(exitCodes.config);
        expect(messages()).to.include("LOG_REFUSED").and.to.include(`Kafka at ${kafka.address}`);
        expect(messages()).not.to.include("swordfish");
      });
    }

    it("does not wait where there is no log to read", async () => {
      await Promise.all([kafka.open(), registry.open()]);
      const other = { CH_KAFKA_TOPIC_PREFIX: `test-${randomUUID()}.` };
      const { child, messages } = await start("query-api", other);
      await ended(child);
      expect(child.exitCode, messages()).to.equal(exitCodes.config);
      expect(messages()).to.include("there is no log on");
    });

    it("does not wait where the registry has an incompatible schema", async () => {
      await Promise.all([kafka.open(), registry.open()]);
      const own = `test-${randomUUID()}.`;
      const subject = `${own}portfolio.events-cipherhorizon.portfolio.FundsDeposited`;
      const fields = [{ name: "asset", type: "long" }];
      const schema = {
        type: "record",
        name: "FundsDeposited",
        namespace: "cipherhorizon.portfolio",
      };
      const path = `${serverAddress("CH_SCHEMA_REGISTRY_URL")}/subjects/${subject}/versions`;
      const body = JSON.stringify({ schema: JSON.stringify({ ...schema, fields }) });
      const headers = { "Content-Type": "application/vnd.schemaregistry.v1+json" };
      expect((await fetch(path, { method: "POST", headers, body })).status).to.equal(200);
      const { child, messages } = await start("command-side", { CH_KAFKA_TOPIC_PREFIX: own });
      await ended(child);
      expect(child.exitCode, messages()).to.equal(exitCodes.config);
      expect(messages()).to.include("refuses the schema");
    });
  },
);

async function ended(child: SpawnedPlatform["child"]): Promise<void> {
  await within(WITHIN_MILLISECONDS, () => new Error("it goes on"), once(child, "exit"));
}

/** What `/readyz` says; "nobody answers" where it does not. */
async function readinessOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  if (answer === null) return "nobody answers: it waits for the log";
  return answer.ok ? "ready" : await answer.text();
}

async function untilReadiness(url: string, holds: (text: string) => boolean): Promise<void> {
  const deadline = performance.now() + WITHIN_MILLISECONDS;
  for (;;) {
    const text = await readinessOf(url);
    if (holds(text)) return;
    if (performance.now() > deadline) throw new Error(`it is still so: ${text}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}

/** An address that leads to a server once it is opened. */
class Door {
  readonly address: string;
  readonly #server: URL;
  readonly #port: number;
  #listening: Server | null = null;
  readonly #sockets = new Set<Socket>();

  private constructor(server: URL, port: number) {
    this.#server = server;
    this.#port = port;
    this.address = `127.0.0.1:${port}`;
  }

  static async before(server: URL): Promise<Door> {
    return new Door(server, await freePort());
  }

  async open(kind: "through" | "silent" = "through"): Promise<void> {
    const listening = createServer((socket) => {
      this.#keep(socket);
      if (kind === "silent") return;
      const inner = connect(Number(this.#server.port), this.#server.hostname);
      this.#keep(inner);
      socket.pipe(inner).pipe(socket);
    });
    this.#listening = listening;
    await new Promise<void>((resolve) => listening.listen(this.#port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    const listening = this.#listening;
    this.#listening = null;
    for (const socket of this.#sockets) socket.destroy();
    if (listening !== null) await new Promise((resolve) => listening.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => this.#sockets.delete(socket));
  }
}
