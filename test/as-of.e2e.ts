import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { createRandom } from "../cli/demo/random.ts";
import {
  encodeConsistencyToken,
  parseConsistencyToken,
} from "../platform/http/consistency-token.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { withHistory } from "./history/read-history.ts";
import { KillClients } from "./kill-clients.ts";
import { addressOf, examplesOf, type OpenApi } from "./openapi-examples.ts";
import { startPlatformProcess } from "./platform-process.ts";
import { type Json, ReadingClient, tokenOf } from "./reading-client.ts";
import { runCli } from "./run-cli.ts";

const DEMO_MINUTES = 6;
const LOAD_MILLISECONDS = 3_000;
/** So many times each path is read meanwhile. */
const LOOKS = 4;
const PATIENT = { Prefer: "wait=30" };

/** Read while commands and ticks come; each of one read model, whose position its token names. */
const WATCHED = [
  "/v1/portfolios?limit=500",
  "/v1/portfolios/p-1",
  "/v1/portfolios/p-1/holdings",
  "/v1/portfolios/p-1/ledger?limit=300&order=newest",
  "/v1/traders?limit=500",
  "/v1/strategies?limit=500",
  "/v1/instruments",
  "/v1/instruments/binance:COIN0-USDT/candles?interval=1m&limit=100",
  "/v1/instruments/binance:COIN1-USDT/last-price",
];

describe("read models as of then", function () {
  this.timeout(300_000);

  describe("while commands and ticks come", () => {
    let folder: string;
    let client: ReadingClient;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-as-of-"));
      client = new ReadingClient(folder, await startPlatformProcess(folder));
    });

    after(async () => {
      await client.platform.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    it("show again what was answered then", async () => {
      const clients = new KillClients(createRandom(printedSeed()));
      clients.serveAt(client.platform.url);
      await clients.start();
      const seen = await answersDuring(LOAD_MILLISECONDS, client);
      await clients.finish();
      // The newest first: what is older is not built from it.
      for (const { path, answer } of seen.toReversed()) await expectAgain(path, answer);
      // And forward, where each goes on from the one before it.
      await restart(client, folder);
      for (const { path, answer } of seen) await expectAgain(path, answer);
      print(`${seen.length} answers given again`);
    });

    async function expectAgain(path: string, then: Json & { token: string }): Promise<void> {
      const asked = `${path}${path.includes("?") ? "&" : "?"}asOf=${then.token}`;
      const { status, body } = await client.get(asked, PATIENT);
      expect(status, JSON.stringify(body)).to.equal(200);
      expect(body["generation"]).to.equal(null);
      expect(body["position"], path).to.deep.equal(then["position"]);
      expect(body["data"], asked).to.deep.equal(then["data"]);
    }
  });

  describe("of all contexts", () => {
    let folder: string;
    let client: ReadingClient;
    let paths: readonly string[];
    let then: ReadonlyMap<string, Json>;
    let asOf: string;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-as-of-"));
      const demo = ["demo", "--exit", "--minutes", `${DEMO_MINUTES}`, "--data", folder];
      expect((await runCli(demo)).exitCode).to.equal(0);
      client = new ReadingClient(folder, await startPlatformProcess(folder));
      await client.caughtUp("/v1/portfolios");
      paths = await pathsOf(client);
      await sleep(5);
      asOf = new Date().toISOString();
      then = new Map(await Promise.all(paths.map(async (path) => [path, await ok(path)] as const)));
      await sleep(5);
      await change();
    });

    after(async () => {
      await client.platform.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    async function ok(path: string): Promise<Json> {
      const { status, body } = await client.get(path, PATIENT);
      expect(status, `${path} ${JSON.stringify(body)}`).to.equal(200);
      return body;
    }

    /** Something in each context. */
    async function change(): Promise<void> {
      await client.deposit("demo-maker", uuid());
      await client.command("traders/late/register-trader", { handle: "latecomer" });
      await client.command("traders/late/follow-trader", { leader: "demo-maker" });
      await client.command("strategies/demo-momentum/pause-strategy", { reason: "a test" });
      await client.caughtUp("/v1/traders");
      await client.caughtUp("/v1/strategies");
      await client.caughtUp("/v1/portfolios");
    }

    it("show one picture of then, whatever came after", async () => {
      const changed = new Set<string>();
      for (const path of paths) {
        const past = await ok(`${path}${path.includes("?") ? "&" : "?"}asOf=${asOf}`);
        expect(past["data"], path).to.deep.equal(then.get(path)?.["data"]);
        expect(past["asOf"]).to.equal(asOf);
        expect(past["lagSeconds"]).to.equal(0);
        const now = await ok(path);
        if (JSON.stringify(now["data"]) !== JSON.stringify(past["data"])) changed.add(path);
      }
      print(`${paths.length} queries as of then; ${changed.size} answer otherwise now`);
      for (const context of ["portfolios", "traders", "strategies"]) {
        expect(
          [...changed].some((path) => path.includes(context)),
          context,
        ).to.equal(true);
      }
      expect(paths.length).to.be.above(25);
    });

    it("go on page by page at the same moment", async () => {
      const first = await ok(`/v1/portfolios/demo-maker/ledger?limit=2&asOf=${asOf}`);
      await client.deposit("demo-maker", uuid());
      const all = await client.pages(`/v1/portfolios/demo-maker/ledger?asOf=${asOf}`, 500);
      const next = first["nextCursor"];
      const rest = await client.pages(
        `/v1/portfolios/demo-maker/ledger?asOf=${asOf}`,
        2,
        String(next),
      );
      expect([...(first["data"] as Json[]), ...rest]).to.deep.equal(all);
    });

    it("show what is after an event, and after a command", async () => {
      const { headers } = await client.deposit("demo-maker", uuid());
      const after = await ok(`/v1/portfolios/demo-maker?asOf=${tokenOf(headers)}`);
      const version = (after["data"] as Json)["version"] as number;
      const logId = await withHistory(folder, ({ log }) => log.logId());
      const { positions } = parseConsistencyToken(tokenOf(headers), logId);
      const [[partition, end] = ["", 0]] = positions;
      const before = await ok(`/v1/portfolios/demo-maker?asOf=${partition}/${end - 2}`);
      expect((before["data"] as Json)["version"]).to.be.below(version);
      const at = await ok(`/v1/portfolios/demo-maker?asOf=${partition}/${end - 1}`);
      expect((at["data"] as Json)["version"]).to.equal(version);
    });

    it("are empty before the log began", async () => {
      const { body } = await client.get("/v1/portfolios?asOf=2001-01-01T00:00:00Z", PATIENT);
      expect(body["data"]).to.deep.equal([]);
      const one = await client.get("/v1/portfolios/demo-maker?asOf=1000000000000", PATIENT);
      expect([one.status, one.body["code"]]).to.deep.equal([404, "NOT_FOUND"]);
    });

    it("are refused for what is no moment, by name", async () => {
      const foreign = encodeConsistencyToken({ logId: uuid(), positions: new Map() });
      const wrong = {
        "yesterday!": "no consistency token",
        "2999-01-01T00:00:00Z": "lies ahead",
        "portfolio.events/77/1": "which the log does not have",
        "portfolio.events/0/999999999": "which is not there yet",
        "no.events/0/1": "which the log does not have",
        [foreign]: "of another log",
      };
      for (const [text, words] of Object.entries(wrong)) {
        const { status, body } = await client.get(
          `/v1/portfolios?asOf=${encodeURIComponent(text)}`,
        );
        expect(status, text).to.be.oneOf([400, 409]);
        expect(body["detail"], text).to.include(words);
      }
    });

    it("say that they are being built, where nobody waits for them", async () => {
      const impatient = { Prefer: "wait=0" };
      const { position } = then.get("/v1/instruments") as { position: Record<string, number> };
      const [partition, end] = Object.entries(position).reduce((a, b) => (a[1] > b[1] ? a : b));
      const path = `/v1/instruments?asOf=${partition}/${end - 9}`;
      const { status, body, headers } = await client.get(path, impatient);
      expect([status, body["code"]]).to.deep.equal([503, "AS_OF_BEING_BUILT"]);
      expect(headers.get("Retry-After")).to.match(/^\d+$/);
      expect(body["records"]).to.be.above(0);
      await ok(path);
    });

    it("leave nothing behind when the process is killed", async () => {
      const root = join(folder, "as-of");
      const folders = () => {
        const all = readdirSync(root, { withFileTypes: true });
        return all.filter((one) => one.isDirectory()).map(({ name }) => name);
      };
      const [before = ""] = folders();
      expect(existsSync(join(root, before, "read"))).to.equal(true);
      await restart(client, folder);
      await ok(`/v1/portfolios?asOf=${asOf}`);
      expect(folders().join()).to.not.include(before);
      expect(folders()).to.have.length(1);
    });

    it("of one portfolio rest on the partitions of its events alone", async () => {
      const { position } = await ok(`/v1/portfolios?asOf=${asOf}`);
      const records = Object.values(position as Record<string, number>);
      const all = records.reduce((sum, one) => sum + one, 0);
      await restart(client, folder, { CH_AS_OF_RECORDS: String(all - 1) });
      const { status } = await client.get(`/v1/portfolios?asOf=${asOf}`);
      expect(status).to.equal(422);
      const one = await ok(`/v1/portfolios/demo-maker?asOf=${asOf}`);
      expect(one["data"]).to.deep.equal(then.get("/v1/portfolios/demo-maker")?.["data"]);
      expect(one["position"]).to.deep.equal(position);
    });

    it("are refused beyond the limit of records", async () => {
      await restart(client, folder, { CH_AS_OF_RECORDS: "10" });
      const { status, body } = await client.get(`/v1/portfolios?asOf=${asOf}`);
      expect([status, body["code"]]).to.deep.equal([422, "AS_OF_LIMIT"]);
      expect(body["limit"]).to.equal(10);
      expect(body["detail"]).to.include("CH_AS_OF_RECORDS");
    });
  });
});

/** After SIGKILL. */
async function restart(client: ReadingClient, folder: string, environment = {}): Promise<void> {
  await client.platform.kill();
  client.platform = await startPlatformProcess(folder, environment);
}

interface Seen {
  readonly path: string;
  readonly answer: Json & { readonly token: string };
}

async function answersDuring(milliseconds: number, client: ReadingClient): Promise<Seen[]> {
  const seen: Seen[] = [];
  const endMs = performance.now() + milliseconds;
  while (performance.now() < endMs) {
    for (const path of WATCHED) {
      const { status, body, headers } = await client.get(path);
      if (status === 200) seen.push({ path, answer: { ...body, token: tokenOf(headers) } });
    }
    await sleep(milliseconds / LOOKS);
  }
  return seen;
}

/** Whose rows are asked for, by collection: of what the demonstration has made. */
const IDS: Readonly<Record<string, string>> = {
  portfolios: "demo-maker",
  traders: "demo-maker",
  strategies: "demo-momentum",
  instruments: "demo:BTC-USDT",
};

/** Every query that can be asked about the past. */
async function pathsOf(client: ReadingClient): Promise<readonly string[]> {
  const { body } = await client.get("/openapi.json");
  const examples = examplesOf(body as unknown as OpenApi).filter(({ operation }) => {
    return operation.parameters.some(({ name }) => name === "asOf");
  });
  return examples.map((example) => {
    const path = addressOf(example, IDS[example.path.split("/")[2] ?? ""]);
    return path.replace("to=t-2", "to=demo-coins");
  });
}
