import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { answersOk } from "../platform-process.ts";
import { type RunningCli, startCli } from "../run-cli.ts";
import { freePort } from "./free-port.ts";
import { describeWithRedisProgram, openPrivateRedis, type PrivateRedis } from "./private-redis.ts";

const SHARE = 100;
/** Longer than the test takes on a busy machine: nothing may come back by a new window alone. */
const WINDOW_SECONDS = 1_800;
const HAPPENS_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 100;

/** Two processes of the platform on one data folder, at one Redis that a test may kill. */
describeWithRedisProgram("rate limits of two processes", function suite(this: Mocha.Suite) {
  this.timeout(900_000);
  let folder: string;
  let redis: PrivateRedis;
  const servers: { readonly url: string; readonly running: RunningCli }[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-limits-"));
    redis = await openPrivateRedis();
    for (const part of ["command-side", "query-api"]) {
      const port = String(await freePort());
      const running = startCli(["serve", part, "--json"], {
        CH_DATA_FOLDER: folder,
        CH_PORT: port,
        CH_COMMAND_PORT: port,
        CH_RATE_LIMIT_REDIS_URL: redis.url,
        CH_RATE_LIMIT_REQUESTS: String(SHARE),
        CH_RATE_LIMIT_SECONDS: String(WINDOW_SECONDS),
      });
      const url = `http://127.0.0.1:${port}`;
      servers.push({ url, running });
      await until(() => answersOk(`${url}/livez`), running);
    }
  });

  after(async () => {
    for (const { running } of servers) running.child.kill("SIGTERM");
    for (const { running } of servers) await running.ended();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are one share for both, one each while Redis is away, and one again after it", async () => {
    const [one = "", other = ""] = servers.map(({ url }) => url);
    await countTogether();
    const first = await leftAfter(one);
    expect(await leftAfter(other), "counted by the other process").to.equal(first - 1);
    expect(await metric(one, "rate_limit_shared")).to.equal(1);
    const told = servers.map(({ running }) => sayings(running));

    await redis.kill();
    const [ownOfOne, ownOfOther] = [await leftAfter(one), await leftAfter(other)];
    expect([ownOfOne, ownOfOther], "each by itself").to.deep.equal([SHARE - 1, SHARE - 1]);
    expect(await leftAfter(one), "and still limited").to.equal(SHARE - 2);
    for (const [i, { url, running }] of servers.entries()) {
      expect(await metric(url, "rate_limit_shared")).to.equal(0);
      expect(await noteOf(url)).to.match(/in this process alone.*Redis is away/);
      expect(sayings(running).away, "said once").to.equal((told[i]?.away ?? 0) + 1);
    }

    await redis.start();
    await countTogether();
    for (const [i, { url, running }] of servers.entries()) {
      expect(await metric(url, "rate_limit_shared")).to.equal(1);
      expect(sayings(running).back, "said once").to.equal((told[i]?.back ?? 0) + 1);
    }
    const left = await leftAfter(one);
    expect(await leftAfter(other), "together again").to.equal(left - 1);

    for (let i = left - 1; i > 0; i -= 1) await leftAfter(i % 2 === 0 ? one : other);
    for (const url of [one, other]) {
      const refused = await ask(url);
      expect(refused.status, "the share of both is used up").to.equal(429);
      expect(((await refused.json()) as { code: string }).code).to.equal("RATE_LIMITED");
    }
  });

  async function countTogether(): Promise<void> {
    for (const { url, running } of servers) {
      await until(async () => {
        await leftAfter(url);
        return (await noteOf(url)) === undefined;
      }, running);
    }
  }
});

/** How often the process has said that Redis is away, and that it is back. */
function sayings({ stderr }: RunningCli): { readonly away: number; readonly back: number } {
  const count = (text: string) => stderr().split(text).length - 1;
  return { away: count("Redis is away: requests"), back: count("Redis is back: requests") };
}

/** Of a request that is counted, whatever it is answered. */
function ask(url: string): Promise<Response> {
  return fetch(`${url}/v1/nowhere`);
}

/** What the answer says is left. */
async function leftAfter(url: string): Promise<number> {
  const response = await ask(url);
  await response.arrayBuffer();
  return Number(/r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1]);
}

async function noteOf(url: string): Promise<string | undefined> {
  const { notes = [] } = (await (await fetch(`${url}/readyz`)).json()) as {
    notes?: readonly { readonly name: string; readonly note: string }[];
  };
  return notes.find(({ name }) => name === "rate limits")?.note;
}

/** It is asked for by who has a share: reading it is counted, too. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
}

async function until(isSo: () => Promise<boolean>, { child, stderr }: RunningCli): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (child.exitCode !== null) throw new Error(`it ended: ${stderr()}`);
    if (performance.now() > deadline) throw new Error(`not in time: ${isSo}`);
    await sleep(LOOK_EVERY_MS);
  }
}
