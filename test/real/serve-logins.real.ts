import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v7 } from "uuid";
import { type Part, type Platform, startPlatform } from "../../cli/serve/platform.ts";
import { partEnvironments } from "../../deploy/logins/part-environments.ts";
import { postgresLoginStatements } from "../../deploy/logins/postgres.ts";
import { redisLoginCommands } from "../../deploy/logins/redis.ts";
import { readConfig } from "../../platform/config/config.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { PostgresPool } from "../../projections/runner/postgres-pool.ts";
import { RedisConnection } from "../../projections/runner/redis-connection.ts";
import { HAPPENS_WITHIN_MS, until } from "./asked-platform.ts";
import { describeWithPostgresPrograms, openPrivatePostgres } from "./private-postgres.ts";
import { describeWithRedisProgram, openPrivateRedis } from "./private-redis.ts";

const passwordOf = (login: string) => `password-of-${login}`;
const FED = ["portfolios", "equity-curve", "risk", "ticks-and-candles"];

describeWithPostgresPrograms("the platform, each part with its own login", () => {
  describeWithRedisProgram("in PostgreSQL and Redis", function () {
    this.timeout(4 * HAPPENS_WITHIN_MS);
    const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-logins-"));
    const ending: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
    let commandSide: Platform;
    let queryApi: Platform;

    before(async () => {
      const environments = partEnvironments(await servers(), passwordOf);
      const start = async (part: string, parts: readonly Part[]) => {
        const environment = environments.get(part) ?? {};
        const config = readConfig({ CH_DATA_FOLDER: folder, ...environment });
        const logger = createLogger("silent");
        const platform = await startPlatform({ config, parts, logger, port: 0 });
        ending.push(() => platform.stop());
        return platform;
      };
      commandSide = await start("command-side", ["command-side"]);
      for (const name of FED) await start(`projections-${name}`, ["projections"]);
      queryApi = await start("query-api", ["query-api"]);
    });

    after(async () => {
      for (const end of ending.toReversed()) await end();
    });

    async function servers(): Promise<Record<string, string>> {
      const postgres = await openPrivatePostgres();
      ending.push(() => postgres.remove());
      const pool = new PostgresPool({ url: postgres.url, name: "test", connections: 1 });
      for (const text of postgresLoginStatements("postgres", passwordOf))
        await pool.query({ text });
      await pool.close();
      const redis = await openPrivateRedis();
      ending.push(() => redis.remove());
      const admin = new RedisConnection({ url: redis.url, name: "test" });
      for (const [command = "", ...words] of redisLoginCommands(passwordOf)) {
        await admin.call(command, ...words);
      }
      await admin.close();
      return { CH_POSTGRES_URL: postgres.url, CH_REDIS_URL: redis.url };
    }

    async function command(path: string, data: unknown): Promise<void> {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": v7() };
      const options = { method: "POST", headers, body: JSON.stringify(data) };
      const response = await fetch(`${commandSide.url}/v1/${path}`, options);
      expect(response.ok, await response.text()).to.equal(true);
    }

    async function dataOf(path: string): Promise<unknown> {
      const response = await fetch(`${queryApi.url}/v1/${path}`);
      const { data } = (await response.json()) as { readonly data?: unknown };
      return response.ok ? data : null;
    }

    it("takes a deposit, has its risk assessed, and answers from every read model", async () => {
      await command("portfolios/p-1/open-portfolio", { name: "p", baseCurrency: "USDT" });
      const funds = { asset: "USDT", amount: "100", externalReference: "r-1" };
      await command("portfolios/p-1/deposit-funds", funds);
      await until(async () => JSON.stringify(await dataOf("portfolios/p-1/cash")).includes("100"));
      await until(async () => JSON.stringify(await dataOf("portfolios/p-1/risk")).includes("100"));
      const keeps = commandSide.stores.find(({ processManagers }) => processManagers.length > 0);
      expect(keeps?.store).to.match(/^PostgreSQL /);
    });
  });
});
