import { expect } from "chai";
import { examineReadServers } from "../../cli/doctor/read-servers.ts";
import { portfolios } from "../../projections/portfolios/projection.ts";
import { NO_SERVERS, openStore } from "../../projections/stores.ts";
import { type Answer, AskedPlatform, HAPPENS_WITHIN_MS, until } from "./asked-platform.ts";
import {
  describeWithPostgresPrograms,
  openPrivatePostgres,
  type PrivatePostgres,
} from "./private-postgres.ts";
import { describeWithPostgres, temporaryDatabase } from "./servers.ts";

describeWithPostgresPrograms("the platform with its portfolios in PostgreSQL", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivatePostgres;
  let asked: AskedPlatform;

  before(async () => {
    server = await openPrivatePostgres();
    asked = await AskedPlatform.start({ CH_POSTGRES_URL: server.url });
  });

  after(async () => {
    await asked.stop();
    server.remove();
  });

  function deposit(externalReference: string): Promise<Answer> {
    return asked.command("portfolios/p-1/deposit-funds", {
      asset: "USDT",
      amount: "0.1",
      externalReference,
    });
  }

  function cashAfter(answer: Answer): Promise<unknown> {
    return asked.dataAfter(answer, "/v1/portfolios/p-1/cash");
  }

  it("says which store it has chosen for each read model", () => {
    const [postgres, sqlite] = asked.platform.stores;
    expect(postgres?.projections).to.deep.equal(["equity-curve", "portfolios"]);
    expect(postgres?.processManagers).to.deep.equal(["candle-revision", "risk-assessment"]);
    expect(postgres?.store).to.match(/^PostgreSQL \d+[.\d]* at 127\.0\.0\.1:\d+\/postgres$/);
    expect(sqlite?.projections).to.include("risk");
  });

  it("answers from there what was commanded before", async () => {
    const open = { name: "Mine", baseCurrency: "USDT", costMethod: "fifo" };
    expect((await asked.command("portfolios/p-1/open-portfolio", open)).status).to.equal(201);
    const cash = await cashAfter(await deposit("r-1"));
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.1", locked: "0", total: "0.1" }]);
  });

  it("takes commands while PostgreSQL is away, says so to queries, and catches up", async () => {
    server.stop();
    const deposited = await deposit("r-2");
    expect(deposited.status).to.be.below(300);
    const away = await asked.get("/v1/portfolios/p-1");
    expect(away.status).to.equal(503);
    expect(away.body).to.include({ code: "STORE_UNAVAILABLE", retryable: true });
    expect((await asked.get("/v1/strategies")).status, "views in other stores go on").to.equal(200);
    await asked.untilStuck("portfolios");
    server.start();
    const cash = await cashAfter(deposited);
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.2", locked: "0", total: "0.2" }]);
    await asked.untilReady();
  });

  it("explains a row there by the events that made it", async () => {
    const row = { projection: "portfolios", table: "holdings", key: ["p-1", "USDT"] };
    const { events } = await asked.explainedAfter(await deposit("r-2"), row);
    const quantities = events.map(({ row: after }) => after?.["quantity"]);
    expect(quantities).to.deep.equal(["0.1", "0.2"]);
  });

  it("is rebuilt there, and readers go over to the new generation", async () => {
    const rebuild = { version: portfolios.version, reason: "test" };
    expect(
      (await asked.command("projections/portfolios/start-generation", rebuild)).status,
    ).to.be.below(300);
    await until(async () => (await asked.get("/v1/portfolios/p-1")).body["generation"] === 2);
    const cash = await cashAfter(await deposit("r-3"));
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.3", locked: "0", total: "0.3" }]);
  });

  it("is told as it was, from the log", async () => {
    const { token } = await deposit("r-4");
    await cashAfter(await deposit("r-5"));
    const then = await asked.get(`/v1/portfolios/p-1/cash?asOf=${token}`);
    expect(then.body).to.include({ generation: null });
    expect(then.body.data).to.deep.equal([
      { asset: "USDT", free: "0.4", locked: "0", total: "0.4" },
    ]);
  });
});

describeWithPostgres("the doctor on a PostgreSQL", () => {
  it("names its version, its generations, and what is wrong where it cannot be used", async () => {
    const database = await temporaryDatabase();
    const placeOf = (postgres: string) => ({
      folder: "nowhere",
      servers: { ...NO_SERVERS, postgres },
    });
    const place = placeOf(database.url);
    for (const generation of [2, 11]) {
      const store = await openStore(place, "equity-curve", generation);
      await store.create();
      await store.close();
    }
    const { findings, generations } = await examineReadServers(place);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.include({ level: "ok", about: "postgres" });
    const found = generations.map(({ projection, generation }) => `${projection} ${generation}`);
    expect(found).to.deep.equal(["equity-curve 2", "equity-curve 11"]);
    await database.drop();
    const gone = await examineReadServers(place);
    expect(gone.generations).to.deep.equal([]);
    expect(gone.findings[0]).to.include({ level: "fail" });
    expect(gone.findings[0]?.todo).to.include("CH_POSTGRES_URL");
  });
});
