import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v7 } from "uuid";
import { examineReadServers } from "../../cli/doctor/read-servers.ts";
import { type Platform, startPlatform } from "../../cli/serve/platform.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { social } from "../../projections/social/projection.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import { isMade } from "../../projections/stores/neo4j/schema.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { describeWithNeo4jProgram, openPrivateNeo4j, type PrivateNeo4j } from "./private-neo4j.ts";
import { describeWithNeo4j, neo4jUrl } from "./servers.ts";

const HAPPENS_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

interface Answer {
  readonly status: number;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
}

describeWithNeo4jProgram("the platform with its social graph in Neo4j", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivateNeo4j;
  let pool: Neo4jPool;
  let folder: string;
  let platform: Platform;

  before(async () => {
    server = await openPrivateNeo4j();
    pool = new Neo4jPool({ url: server.url, name: "test", connections: 1 });
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-serve-"));
    const config = readConfig({
      CH_DATA_FOLDER: folder,
      CH_NEO4J_URL: server.url,
      CH_GENERATION_GRACE_SECONDS: "2",
    });
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger: createLogger("silent"), port: 0 });
    await until(async () => (await get("/readyz")).status === 200);
  });

  after(async () => {
    await platform.stop();
    await pool.close();
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  async function command(path: string, data: unknown): Promise<Answer> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": v7() };
    const options = { method: "POST", headers, body: JSON.stringify(data) };
    const answer = await answerOf(await fetch(`${platform.url}/v1/${path}`, options));
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer;
  }

  async function get(path: string, token = ""): Promise<Answer> {
    const headers: Record<string, string> = { Prefer: "wait=30" };
    if (token !== "") headers["Consistency-Token"] = token;
    return answerOf(await fetch(platform.url + path, { headers }));
  }

  function follow(from: string, leader: string): Promise<Answer> {
    return command(`traders/${from}/follow-trader`, { leader });
  }

  async function pathAfter({ token }: Answer, to: string): Promise<string> {
    const { status, body } = await get(`/v1/traders/t-1/path?to=${to}`, token);
    expect(status, JSON.stringify(body)).to.equal(200);
    return JSON.stringify(body["data"]);
  }

  it("says which store it has chosen", () => {
    const [neo4j] = platform.stores;
    expect(neo4j?.projections).to.deep.equal(["social"]);
    expect(neo4j?.store).to.match(/^Neo4j 5[.\d]* community at 127\.0\.0\.1:\d+\/neo4j$/);
  });

  it("answers from there what was commanded before", async () => {
    for (const id of ["t-1", "t-2", "t-3", "t-4"]) {
      await command(`traders/${id}/register-trader`, { handle: id.replace("-", "_") });
    }
    await follow("t-1", "t-2");
    const path = await pathAfter(await follow("t-2", "t-3"), "t-3");
    for (const id of ["t-1", "t-2", "t-3"]) expect(path).to.include(id);
  });

  it("takes commands while Neo4j is away, says so to queries, and catches up", async () => {
    await server.kill();
    const followed = await follow("t-3", "t-4");
    const away = await get("/v1/traders/t-1");
    expect(away.status).to.equal(503);
    expect(away.body).to.include({ code: "STORE_UNAVAILABLE", retryable: true });
    await server.start();
    await until(async () => (await get("/v1/traders/t-1", followed.token)).status === 200);
    expect(await pathAfter(followed, "t-4")).to.include("t-4");
  });

  it("is rebuilt there, readers go over to the new generation, and the old one goes", async () => {
    const rebuild = { version: social.version, reason: "test" };
    await command("projections/social/start-generation", rebuild);
    await until(async () => (await get("/v1/traders/t-1")).body["generation"] === 2);
    expect(await pathAfter(await follow("t-1", "t-4"), "t-4")).not.to.include("t-3");
    await until(async () => !(await isMade(pool, "social_g1")));
    expect(await isMade(pool, "social_g2")).to.equal(true);
  });
});

describeWithNeo4j("the doctor on a Neo4j", () => {
  it("names its version, its generations, and what is wrong where it cannot be used", async () => {
    const placeOf = (neo4j: string) => ({ folder: "nowhere", servers: { ...NO_SERVERS, neo4j } });
    const place = placeOf(neo4jUrl());
    // Numbers that no other test or platform gives its generations.
    const numbers = [900_002, 900_011];
    for (const generation of numbers) {
      const store = await openStore(place, "social", generation);
      await store.create();
      await store.close();
    }
    const { findings, generations } = await examineReadServers(place);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.include({ level: "ok", about: "neo4j" });
    const found = generations.map(({ generation }) => generation);
    expect(found.filter((number) => number > 900_000)).to.deep.equal(numbers);
    for (const generation of numbers) {
      const store = await openStore(place, "social", generation);
      await store.drop();
      await store.close();
    }
    const nowhere = new URL(neo4jUrl());
    nowhere.port = "1";
    const away = await examineReadServers(placeOf(nowhere.href));
    expect(away.generations).to.deep.equal([]);
    expect(away.findings[0]).to.include({ level: "fail" });
    expect(away.findings[0]?.todo).to.include("CH_NEO4J_URL");
  });
});

async function answerOf(response: Response): Promise<Answer> {
  const token = response.headers.get("consistency-token") ?? "";
  return { status: response.status, token, body: (await response.json()) as Answer["body"] };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen in time");
    await sleep(LOOK_EVERY_MS);
  }
}
