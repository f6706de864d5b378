import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { generationFile } from "../projections/runner/generation-files.ts";
import { PARKED_STREAMS_LIMIT } from "../projections/runner/runner.ts";
import { print } from "./contracts/log/seed.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { compareWithFresh } from "./rebuild-rows.ts";
import { generationsShown, until, untilCaughtUp } from "./rebuild-watch.ts";
import { type CliRun, jsonLines, runCli } from "./run-cli.ts";

const NAME = "portfolios";
const ID = "p-1";
/** Deposits whose reference begins so cannot be written, while the trigger stands. */
const POISON = "poison";
const LONG = 6_000;
const MOST_KILLS = 5;

interface Parked {
  readonly stream: string;
  readonly generation: number;
  readonly partition: string;
  readonly position: number;
  readonly sequence: number;
  readonly reason: string;
  readonly releases: number;
  readonly releasing: boolean;
  readonly storedPosition: number | null;
  readonly event: { readonly type: string; readonly id: string };
  readonly history: readonly { readonly what: string; readonly reason: string }[];
}

describe("a stream that is parked", function () {
  this.timeout(300_000);
  let folder: string;
  let platform: PlatformProcess;
  let deposits = 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-parking-"));
    platform = await startPlatformProcess(folder);
    deposits = 0;
    for (const id of [ID, "p-2"]) {
      const body = { name: id, owner: null, baseCurrency: "USDT", costMethod: "fifo" };
      await post(`/v1/portfolios/${id}/open-portfolio`, body);
      await deposit(id);
    }
    await until("generation 1 has rows", async () => (await ask(`/v1/portfolios/${ID}`)).ok);
    poison(1, POISON);
  });

  afterEach(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(platform.url + path, { headers });
  }

  async function post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(platform.url + path, request);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** Gives the token of what it has appended. */
  async function deposit(id = ID, reference = "deposit"): Promise<string> {
    deposits += 1;
    const externalReference = `${reference}-${deposits}`;
    const body = { asset: "USDT", amount: "1", unitCost: "1", externalReference };
    const answer = await post(`/v1/portfolios/${id}/deposit-funds`, body);
    return answer.headers.get("consistency-token") ?? "";
  }

  /** From now on the store refuses such events, as it would what a column cannot hold. */
  function poison(generation: number, reference: string): void {
    inFile(
      generation,
      `CREATE TRIGGER refuse BEFORE INSERT ON ledger WHEN NEW.reference LIKE '${reference}%'
       BEGIN SELECT RAISE(ABORT, 'the ledger refuses it'); END`,
    );
  }

  function mend(generation: number): void {
    inFile(generation, "DROP TRIGGER refuse");
  }

  function inFile(generation: number, sql: string): void {
    const database = new DatabaseSync(generationFile(folder, NAME, generation), { timeout: 5_000 });
    database.exec(sql);
    database.close();
  }

  async function parkedShown(): Promise<readonly Parked[]> {
    const answer = await ask(`/v1/projections/${NAME}/parked?stream=${ID}`);
    return JSON.parse(await answer.text()).data.streams;
  }

  async function allParked(): Promise<readonly Parked[]> {
    const { stdout } = await cli("parked", "list", "--json");
    return jsonLines(stdout) as unknown as Parked[];
  }

  async function untilParked(releases = 0): Promise<Parked> {
    let shown: Parked | undefined;
    await until(`${ID} is parked`, async () => {
      [shown] = await parkedShown();
      return shown?.releasing === false && shown.releases === releases;
    });
    return shown as Parked;
  }

  function cli(...words: readonly string[]): Promise<CliRun> {
    return runCli([...words, "--data", folder]);
  }

  const WHY = ["--reason", "a test"];

  async function expectAsFromZero(): Promise<void> {
    await untilCaughtUp(platform.url);
    const { differences, rows } = await compareWithFresh(folder, NAME, 1);
    expect(differences).to.deep.equal([]);
    expect(rows).to.be.above(4);
  }

  it("is told of, released in vain, and through once what kept it is mended", async () => {
    await deposit(ID, POISON);
    const token = await deposit(ID);
    const shown = await untilParked();
    expect(shown).to.include({ generation: 1, sequence: 3, releases: 0 });
    expect(shown.reason).to.include("the ledger refuses it");
    expect(shown.event.type).to.match(/FundsDeposited$/);
    const startedMs = performance.now();
    const headers = { "consistency-token": token, prefer: "wait=20" };
    const answer = await ask(`/v1/portfolios/${ID}`, headers);
    expect(JSON.parse(await answer.text())).to.deep.include({ parked: [ID] });
    expect(performance.now() - startedMs).to.be.below(5_000);
    const joined = await ask(`/v1/portfolios/${ID}/risk`);
    expect(JSON.parse(await joined.text())).to.deep.include({ parked: [ID] });

    const listed = await cli("parked", "list", "--json");
    expect(jsonLines(listed.stdout)).to.have.length(1);
    expect(jsonLines(listed.stdout)[0]).to.include({ projection: NAME, stream: ID });
    const inVain = await cli("parked", "release", NAME, ID, ...WHY);
    expect(inVain.exitCode, inVain.stderr).to.equal(6);
    expect(inVain.stderr).to.include("the ledger refuses it").and.include("parked discard");
    const told = await cli("parked", "show", NAME, ID);
    expect(told.stdout).to.include("release requested at").and.include("a test");
    expect((await untilParked(1)).history.map(({ what }) => what)).to.deep.equal([
      ...["parked", "release-requested", "parked"],
    ]);
    const doctor = await cli("doctor");
    expect(doctor.stdout).to.include(`cipherhorizon parked show ${NAME} ${ID}`);

    mend(1);
    const through = await cli("parked", "release", NAME, ID, "--json", ...WHY);
    expect(through.exitCode, through.stderr).to.equal(0);
    expect(jsonLines(through.stdout)[0]).to.include({ generation: 1, stream: ID });
    expect(await parkedShown()).to.deep.equal([]);
    await expectAsFromZero();
    const nothing = await cli("parked", "release", NAME, ID, ...WHY);
    expect(nothing.exitCode).to.equal(4);
  });

  it("goes on without an event that is discarded, in every generation", async () => {
    await deposit(ID, POISON);
    for (let i = 0; i < 3; i += 1) await deposit(ID);
    const { position } = await untilParked();
    const unequal = await cli("projections", "verify", NAME);
    expect(unequal.exitCode).to.equal(6);
    expect(unequal.stderr).to.include("in the live one alone");
    const discarded = await cli("parked", "discard", NAME, ID, ...WHY);
    expect(discarded.exitCode, discarded.stderr).to.equal(0);
    const told = await cli("parked", "show", NAME, ID, "--json");
    const [shown] = jsonLines(told.stdout) as { discarded: { position: number }[] }[];
    expect(shown?.discarded.map((one) => one.position)).to.deep.equal([position]);
    const verified = await cli("projections", "verify", NAME, "--json");
    expect(verified.exitCode, verified.stderr).to.equal(0);
    const rebuilt = await cli("projections", "rebuild", NAME, "--json");
    expect(rebuilt.exitCode, rebuilt.stderr).to.equal(0);
    expect(jsonLines(rebuilt.stdout).at(-1)).to.include({ generation: 2, verified: true });
  });

  it("is none in a build that can apply it, which is promoted by force alone", async () => {
    await deposit(ID, POISON);
    await untilParked();
    const rebuilt = await cli("projections", "rebuild", NAME);
    expect(rebuilt.exitCode).to.equal(6);
    expect(rebuilt.stderr).to.include("parked streams differ");
    const discarded = await cli("parked", "discard", NAME, ID, ...WHY);
    expect(discarded.exitCode).to.equal(6);
    expect(discarded.stderr).to.include("generation 2");
    const forced = ["promote", NAME, "--generation", "2", "--force", ...WHY];
    expect((await cli("projections", ...forced)).exitCode).to.equal(0);
    await until("generation 1 is gone, and what it had parked", async () => {
      const all = await generationsShown(platform.url, NAME);
      const isGone = all.some(({ generation, phase }) => generation === 1 && phase === "retired");
      return isGone && (await parkedShown()).length === 0;
    });
    const verified = await cli("projections", "verify", NAME);
    expect(verified.exitCode, verified.stderr).to.equal(0);
  });

  it("loses and doubles nothing when it is killed in the middle of a long release", async () => {
    await deposit(ID, POISON);
    await depositMany(LONG);
    await untilCaughtUp(platform.url);
    const first = await untilParked();
    mend(1);
    const { generation } = first;
    const data = { generation, partition: first.partition, stream: ID, reason: "a test" };
    await post(`/v1/projections/${NAME}/release-stream`, data);
    let hits = 0;
    for (let kill = 0; kill < MOST_KILLS; kill += 1) {
      const at = await untilMoved(first.position);
      if (at === null) break;
      await platform.kill();
      hits += 1;
      platform = await startPlatformProcess(folder);
    }
    print(`killed ${hits} times in the middle of the release`);
    expect(hits).to.be.above(0);
    await until("it is through", async () => (await parkedShown()).length === 0);
    await expectAsFromZero();
  });

  it("is one of too many: all stops, until something is decided about one of them", async () => {
    const ids = Array.from({ length: PARKED_STREAMS_LIMIT + 1 }, (_, i) => `many-${i}`);
    const opened = { name: "Many", owner: null, baseCurrency: "USDT", costMethod: "fifo" };
    await send(ids.map((id) => ({ id, type: "OpenPortfolio", data: opened })));
    await send(ids.map((id) => depositOf(id, `${POISON}-${id}`)));
    await until("the read model has stopped", async () => {
      return (await (await ask("/readyz")).text()).includes(`generation 1 of ${NAME} stopped`);
    });
    let [first] = await allParked();
    await until("one of them is told", async () => {
      [first] = await allParked();
      return first !== undefined;
    });
    mend(1);
    const released = await cli("parked", "release", NAME, first?.stream ?? "", ...WHY);
    expect(released.exitCode, released.stderr).to.equal(0);
    await until("it is ready again", async () => (await ask("/readyz")).ok);
    await until("all are through", async () => {
      const all = await allParked();
      for (const { generation, partition, stream } of all.filter(({ releasing }) => !releasing)) {
        const data = { generation, partition, stream, reason: "a test" };
        await post(`/v1/projections/${NAME}/release-stream`, data);
      }
      return all.length === 0;
    });
    await expectAsFromZero();
  });

  /** Where the release stands, once it has begun; `null`: it is through. */
  async function untilMoved(from: number): Promise<number | null> {
    for (;;) {
      const [shown] = await parkedShown();
      const at = shown?.storedPosition ?? null;
      if (shown === undefined || (at !== null && at > from)) return at;
      await sleep(2);
    }
  }

  function depositMany(count: number): Promise<void> {
    return send(Array.from({ length: count }, (_, i) => depositOf(ID, `many-${i}`)));
  }

  function depositOf(id: string, externalReference: string) {
    const data = { asset: "USDT", amount: "1", unitCost: "1", externalReference };
    return { id, type: "DepositFunds", data };
  }

  async function send(commands: readonly object[]): Promise<void> {
    const lines = commands.map((one) => JSON.stringify({ aggregate: "portfolio", ...one }));
    const headers = { "content-type": "application/x-ndjson" };
    const body = `${lines.join("\n")}\n`;
    const answer = await fetch(`${platform.url}/v1/commands`, { method: "POST", headers, body });
    const results = jsonLines(await answer.text());
    expect(results.filter(({ outcome }) => outcome === "accepted")).to.have.length(commands.length);
  }
});
