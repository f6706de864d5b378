import { expect } from "chai";
import { examineReadServers } from "../../cli/doctor/read-servers.ts";
import { social } from "../../projections/social/projection.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import { isMade } from "../../projections/stores/neo4j/schema.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { type Answer, AskedPlatform, HAPPENS_WITHIN_MS, until } from "./asked-platform.ts";
import { describeWithNeo4jProgram, openPrivateNeo4j, type PrivateNeo4j } from "./private-neo4j.ts";
import { describeWithNeo4j, neo4jUrl } from "./servers.ts";

describeWithNeo4jProgram("the platform with its social graph in Neo4j", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivateNeo4j;
  let pool: Neo4jPool;
  let asked: AskedPlatform;

  before(async () => {
    server = await openPrivateNeo4j();
    pool = new Neo4jPool({ url: server.url, name: "test", connections: 1 });
    asked = await AskedPlatform.start({ CH_NEO4J_URL: server.url });
  });

  after(async () => {
    await asked.stop();
    await pool.close();
    await server.remove();
  });

  async function command(path: string, data: unknown): Promise<Answer> {
    const answer = await asked.command(path, data);
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer;
  }

  function follow(from: string, leader: string): Promise<Answer> {
    return command(`traders/${from}/follow-trader`, { leader });
  }

  async function pathAfter(answer: Answer, to: string): Promise<string> {
    return JSON.stringify(await asked.dataAfter(answer, `/v1/traders/t-1/path?to=${to}`));
  }

  it("says which store it has chosen", () => {
    const [neo4j] = asked.platform.stores;
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
    const away = await asked.get("/v1/traders/t-1");
    expect(away.status).to.equal(503);
    expect(away.body).to.include({ code: "STORE_UNAVAILABLE", retryable: true });
    await asked.untilStuck("social");
    await server.start();
    await until(async () => (await asked.get("/v1/traders/t-1", followed.token)).status === 200);
    expect(await pathAfter(followed, "t-4")).to.include("t-4");
    await asked.untilReady();
  });

  it("is rebuilt there, readers go over to the new generation, and the old one goes", async () => {
    const rebuild = { version: social.version, reason: "test" };
    await command("projections/social/start-generation", rebuild);
    await until(async () => (await asked.get("/v1/traders/t-1")).body["generation"] === 2);
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
