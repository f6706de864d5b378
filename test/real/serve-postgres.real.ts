import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v7 } from "uuid";
import { examinePostgres } from "../../cli/doctor/postgres.ts";
import { type Platform, startPlatform } from "../../cli/serve/platform.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { openStore } from "../../projections/stores.ts";
import {
  describeWithPostgresPrograms,
  openPrivatePostgres,
  type PrivatePostgres,
} from "./private-postgres.ts";
import { describeWithPostgres, temporaryDatabase } from "./servers.ts";

const HAPPENS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

interface Answer {
  readonly status: number;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly data?: Record<string, unknown> };
}

describeWithPostgresPrograms("the platform with its portfolios in PostgreSQL", function () {
  this.timeout(3 * HAPPENS_WITHIN_MS);
  let server: PrivatePostgres;
  let folder: string;
  let platform: Platform;

  before(async () => {
    server = await openPrivatePostgres();
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-serve-"));
    const config = readConfig({ CH_DATA_FOLDER: folder, CH_POSTGRES_URL: server.url });
    const parts = ["command-side", "projections", "query-api"] as const;
    platform = await startPlatform({ config, parts, logger: createLogger("silent"), port: 0 });
    await until(async () => (await get("/readyz")).status === 200);
  });

  after(async () => {
    await platform.stop();
    server.remove();
    rmSync(folder, { recursive: true });
  });

  async function command(path: string, data: unknown): Promise<Answer> {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": v7() };
    const options = { method: "POST", headers, body: JSON.stringify(data) };
    return answerOf(await fetch(`${platform.url}/v1/${path}`, options));
  }

  async function get(path: string, token = ""): Promise<Answer> {
    const headers: Record<string, string> = { Prefer: "wait=30" };
    if (token !== "") headers["Consistency-Token"] = token;
    return answerOf(await fetch(platform.url + path, { headers }));
  }

  function deposit(externalReference: string): Promise<Answer> {
    return command("portfolios/p-1/deposit-funds", {
      asset: "USDT",
      amount: "0.1",
      externalReference,
    });
  }

  async function cashAfter({ token }: Answer): Promise<unknown> {
    const { status, body } = await get("/v1/portfolios/p-1/cash", token);
    expect(status, JSON.stringify(body)).to.equal(200);
    return body.data;
  }

  it("says which store it has chosen for each read model", () => {
    const [postgres, sqlite] = platform.stores;
    expect(postgres?.projections).to.deep.equal(["equity-curve", "portfolios"]);
    expect(postgres?.store).to.match(/^PostgreSQL \d+[.\d]* at 127\.0\.0\.1:\d+\/postgres$/);
    expect(sqlite?.projections).to.include("risk");
  });

  it("answers from there what was commanded before", async () => {
    const open = { name: "Mine", baseCurrency: "USDT", costMethod: "fifo" };
    expect((await command("portfolios/p-1/open-portfolio", open)).status).to.equal(201);
    const cash = await cashAfter(await deposit("r-1"));
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.1", locked: "0", total: "0.1" }]);
  });

  it("takes commands while PostgreSQL is away, says so to queries, and catches up", async () => {
    server.stop();
    const deposited = await deposit("r-2");
    expect(deposited.status).to.be.below(300);
    const away = await get("/v1/portfolios/p-1");
    expect(away.status).to.equal(503);
    expect(away.body).to.include({ code: "STORE_UNAVAILABLE", retryable: true });
    expect((await get("/v1/strategies")).status, "views in other stores go on").to.equal(200);
    server.start();
    const cash = await cashAfter(deposited);
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.2", locked: "0", total: "0.2" }]);
  });

  it("is rebuilt there, and readers go over to the new generation", async () => {
    const rebuild = { version: 1, reason: "test" };
    expect((await command("projections/portfolios/start-generation", rebuild)).status).to.be.below(
      300,
    );
    await until(async () => (await get("/v1/portfolios/p-1")).body["generation"] === 2);
    const cash = await cashAfter(await deposit("r-3"));
    expect(cash).to.deep.equal([{ asset: "USDT", free: "0.3", locked: "0", total: "0.3" }]);
  });
});

describeWithPostgres("the doctor on a PostgreSQL", () => {
  it("names its version, its generations, and what is wrong where it cannot be used", async () => {
    const database = await temporaryDatabase();
    const placeOf = (postgres: string) => ({
      folder: "nowhere",
      servers: { influx: null, postgres, redis: null },
    });
    const place = placeOf(database.url);
    for (const generation of [2, 11]) {
      const store = openStore(place, "equity-curve", generation);
      await store.create();
      await store.close();
    }
    const { findings, generations } = await examinePostgres(place);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.include({ level: "ok", about: "postgres" });
    const found = generations.map(({ projection, generation }) => `${projection} ${generation}`);
    expect(found).to.deep.equal(["equity-curve 2", "equity-curve 11"]);
    await database.drop();
    const gone = await examinePostgres(place);
    expect(gone.generations).to.deep.equal([]);
    expect(gone.findings[0]).to.include({ level: "fail" });
    expect(gone.findings[0]?.todo).to.include("CH_POSTGRES_URL");
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
