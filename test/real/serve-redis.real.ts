import { expect } from "chai";
import { examineReadServers } from "../../cli/doctor/read-servers.ts";
import { risk } from "../../projections/risk/projection.ts";
import { NO_SERVERS } from "../../projections/stores.ts";
import { type Answer, AskedPlatform, HAPPENS_WITHIN_MS, until } from "./asked-platform.ts";
import { describeWithRedisProgram, openPrivateRedis, type PrivateRedis } from "./private-redis.ts";

describeWithRedisProgram("the platform with its risk in Redis", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivateRedis;
  let asked: AskedPlatform;

  before(async () => {
    server = await openPrivateRedis();
    asked = await AskedPlatform.start({ CH_REDIS_URL: server.url });
    const open = { name: "Mine", baseCurrency: "USDT", costMethod: "fifo" };
    await asked.command("portfolios/p-1/open-portfolio", open);
  });

  after(async () => {
    await asked.stop();
    await server.remove();
  });

  /** The portfolio is known to the deciders of risk a moment after it was opened. */
  async function setLimit(limit: string): Promise<Answer> {
    const data = { kind: "leverage", warnAt: null, limit, action: "alert" };
    let answer: Answer | null = null;
    await until(async () => {
      answer = await asked.command("risk-books/p-1/set-risk-limit", data);
      return answer.status < 300;
    });
    return answer as unknown as Answer;
  }

  async function limitAfter(answer: Answer): Promise<unknown> {
    const limits = await asked.dataAfter(answer, "/v1/portfolios/p-1/risk/limits");
    return (limits as { readonly limit: string }[]).map(({ limit }) => limit);
  }

  function placeOf(url: string) {
    return { folder: "nowhere", servers: { ...NO_SERVERS, redis: url } };
  }

  it("says which store it has chosen for each read model", () => {
    const [redis, sqlite] = asked.platform.stores;
    expect(redis?.projections).to.deep.equal(["risk"]);
    expect(redis?.store).to.match(/^Redis \d+[.\d]* at 127\.0\.0\.1:\d+\/0$/);
    expect(sqlite?.projections).to.include("portfolios");
  });

  it("answers from there what was commanded before", async () => {
    expect(await limitAfter(await setLimit("0.1"))).to.deep.equal(["0.1"]);
  });

  it("takes commands while Redis is away, says so to queries, and catches up", async () => {
    await server.kill();
    const set = await setLimit("0.2");
    const away = await asked.get("/v1/portfolios/p-1/risk/limits");
    expect(away.status).to.equal(503);
    expect(away.body).to.include({ code: "STORE_UNAVAILABLE", retryable: true });
    expect((await asked.get("/v1/portfolios/p-1")).status, "other stores go on").to.equal(200);
    await asked.untilStuck("risk");
    await server.start();
    expect(await limitAfter(set)).to.deep.equal(["0.2"]);
    await asked.untilReady();
  });

  it("explains a row there by the events that made it", async () => {
    const row = { projection: "risk", table: "versions", key: ["p-1"] };
    const { first, last, events } = await asked.explainedAfter(await setLimit("0.25"), row);
    expect(events.length).to.be.above(2);
    expect([events[0]?.position, events.at(-1)?.position]).to.deep.equal([first, last]);
  });

  it("is rebuilt there, and readers go over to the new generation", async () => {
    const rebuild = { version: risk.version, reason: "test" };
    const started = await asked.command("projections/risk/start-generation", rebuild);
    expect(started.status).to.be.below(300);
    const path = "/v1/portfolios/p-1/risk/limits";
    await until(async () => (await asked.get(path)).body["generation"] === 2);
    expect(await limitAfter(await setLimit("0.3"))).to.deep.equal(["0.3"]);
    const generations = async () => {
      const found = await examineReadServers(placeOf(server.url));
      expect(found.findings.map(({ level, about }) => ({ level, about }))).to.deep.equal([
        { level: "ok", about: "redis" },
      ]);
      return found.generations.map(({ projection, generation }) => `${projection} ${generation}`);
    };
    await until(async () => (await generations()).length === 1);
    expect(await generations(), "the old one is dropped").to.deep.equal(["risk 2"]);
  });

  it("is looked at by the doctor, who says what to do", async () => {
    const { findings } = await examineReadServers(placeOf("redis://127.0.0.1:1/0"));
    expect(findings[0]).to.include({ level: "fail", about: "redis" });
    expect(findings[0]?.todo).to.include("CH_REDIS_URL");
  });
});
