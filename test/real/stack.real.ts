import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { chooseServers } from "../../deploy/local/instances.ts";
import { askKafkaBrokers } from "../../deploy/local/kafka-brokers.ts";
import { planFetches } from "../../deploy/local/recipe.ts";
import { StackError } from "../../deploy/local/stack-error.ts";
import { checkTools } from "../../deploy/local/tools.ts";
import { type CliRun, jsonLines, runCli, startCli } from "../run-cli.ts";
import { MARK, type Reach, samples } from "./stack-data.ts";

/** What is fetched stays for the next run, like that of a user. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "cipherhorizon");
const USUAL = ["kafka-1", "registry", "postgres", "redis", "influxdb", "neo4j", "mongodb"];
/** Building InfluxDB takes minutes where it is not cached. */
const FIRST_START_WITHIN_MS = 20 * 60_000;

describe("the stack of real servers", function () {
  this.timeout(FIRST_START_WITHIN_MS);
  let folder: string;

  before(async function () {
    const servers = chooseServers([]);
    try {
      await checkTools(servers, planFetches(CACHE, servers));
    } catch (error) {
      if (!(error instanceof StackError)) throw error;
      process.stderr.write(`no real servers here: ${error.message}\n${error.todo}\n`);
      this.skip();
    }
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-stack-"));
    chmodSync(folder, 0o711);
  });

  afterEach(async () => {
    await stack("destroy", "--yes", "--force");
    rmSync(folder, { recursive: true });
  });

  function stack(verb: string, ...words: readonly string[]): Promise<CliRun> {
    return runCli(["stack", verb, ...words, ...places()]);
  }

  const places = () => ["--dir", join(folder, "stack"), "--cache", CACHE, "--json"];

  async function up(...words: readonly string[]): Promise<CliRun> {
    const run = await stack("up", "--free-ports", ...words);
    expect(run.exitCode, run.stderr).to.equal(0);
    return run;
  }

  async function statuses(): Promise<readonly Record<string, unknown>[]> {
    return jsonLines((await stack("status")).stdout);
  }

  const valuesOf = (rows: readonly Record<string, unknown>[], name: string) => {
    return rows.map((row) => row[name]);
  };

  function reachOf(run: CliRun): Reach {
    const rows = jsonLines(run.stdout);
    const text = readFileSync(join(folder, "stack", "stack.env"), "utf8");
    return {
      variables: parseEnv(text.replaceAll(/^#(?=CH_)/gm, "")) as Record<string, string>,
      ports: new Map(
        rows.map(({ name, ports }) => [String(name), ports as Record<string, number>]),
      ),
      cache: CACHE,
    };
  }

  async function expectSamples(reach: Reach): Promise<void> {
    for (const { server, read } of samples) {
      expect(await read(reach), server).to.contain(MARK);
    }
  }

  it("comes up, twice in a row, and has its data after a stop and after a crash", async () => {
    const first = await up();
    expect(valuesOf(jsonLines(first.stdout), "name")).to.deep.equal(USUAL);
    const before = await statuses();
    expect(new Set(valuesOf(before, "state"))).to.deep.equal(new Set(["ready"]));
    expectSecretsKept(first);

    const second = await up();
    expect(valuesOf(await statuses(), "pid")).to.deep.equal(valuesOf(before, "pid"));
    expect(new Set(valuesOf(jsonLines(second.stdout), "wasRunning"))).to.deep.equal(
      new Set([true]),
    );

    await expectConfigHolds();
    const reach = reachOf(first);
    for (const { write } of samples) await write(reach);
    await expectSamples(reach);

    expect((await stack("down")).exitCode).to.equal(0);
    const stopped = await stack("status");
    expect(stopped.exitCode).to.equal(7);
    expect(new Set(valuesOf(jsonLines(stopped.stdout), "state"))).to.deep.equal(
      new Set(["stopped"]),
    );
    await expectSamples(reachOf(await up()));

    // Redis and the others write to the disk within a second.
    await sleep(1_500);
    for (const { pid } of await statuses()) process.kill(Number(pid), "SIGKILL");
    await expectSamples(reachOf(await up()));

    expect((await stack("destroy", "--yes")).exitCode).to.equal(0);
    expect(readdirSync(join(folder, "stack"))).to.deep.equal(["lock.guard"]);
    expect((await stack("status")).stderr).to.contain("there is no stack");
  });

  /** What the platform would not read is a comment, so the whole file can be its environment. */
  async function expectConfigHolds(): Promise<void> {
    const text = readFileSync(join(folder, "stack", "stack.env"), "utf8");
    const check = await runCli(["config", "check"], parseEnv(text) as Record<string, string>);
    expect(check.exitCode, check.stderr).to.equal(0);
    expect(text).to.match(/^CH_KAFKA_BROKERS=/m);
  }

  /** Passwords stand in files of ours alone, and were told to nobody. */
  function expectSecretsKept(run: CliRun): void {
    const root = join(folder, "stack");
    const files = readdirSync(root).map((name) => join(root, name, "password"));
    const passwords = files.filter((file) => existsSync(file));
    expect(passwords).to.have.length(4);
    for (const file of [...passwords, join(root, "stack.env")]) {
      expect(statSync(file).mode & 0o777, file).to.equal(0o600);
    }
    for (const file of passwords) {
      const password = readFileSync(file, "utf8").trim();
      expect(`${run.stdout}${run.stderr}`).to.not.contain(password);
    }
  }

  it("comes up after starts that were killed half-way", async () => {
    const names = ["kafka", "postgres", "redis", "influxdb"];
    for (let delayMs = 300; delayMs <= 2_100; delayMs += 300) {
      const half = startCli(["stack", "up", ...names, "--free-ports", ...places()]);
      await sleep(delayMs);
      half.child.kill("SIGKILL");
      await half.ended();
    }
    await up(...names);
    expect(new Set(valuesOf(await statuses(), "state"))).to.deep.equal(new Set(["ready"]));
  });

  it("tells which port is taken, and starts the others all the same", async () => {
    const ports = reachOf(await up("redis")).ports.get("redis");
    await stack("down");
    const listener = createServer().listen(ports?.["redis"], "127.0.0.1");
    try {
      await once(listener, "listening");
      await up("influxdb");
      const run = await stack("up", "redis", "influxdb");
      expect(run.exitCode).to.equal(9);
      expect(run.stderr).to.contain(`port ${ports?.["redis"]} is not free`);
      expect(valuesOf(await statuses(), "state")).to.deep.equal(["stopped", "ready"]);
    } finally {
      listener.close();
    }
  });

  it("has three nodes of Kafka, of which one can be lost and come back", async () => {
    const run = await up("kafka", "--kafka-nodes", "3");
    expect(valuesOf(jsonLines(run.stdout), "name")).to.deep.equal([
      "kafka-1",
      "kafka-2",
      "kafka-3",
    ]);
    expect((await stack("down", "kafka-2")).exitCode).to.equal(0);
    expect(valuesOf(await statuses(), "state")).to.deep.equal(["ready", "stopped", "ready"]);
    const [sample] = samples;
    await sample?.write(reachOf(run));
    expect(await sample?.read(reachOf(run))).to.contain(MARK);
    const back = reachOf(await up("kafka-2"));
    expect(back.ports.get("kafka-2")).to.deep.equal(reachOf(run).ports.get("kafka-2"));
    expect(valuesOf(await statuses(), "state")).to.deep.equal(["ready", "ready", "ready"]);
    const other = await stack("up", "kafka", "--kafka-nodes", "1");
    expect(other.stderr).to.contain("3 node(s), not 1");
  });

  it("has a Kafka that wants logins, where it was asked for", async () => {
    const { variables, ports } = reachOf(await up("kafka", "--logins"));
    const [user, password = ""] = variables["CH_KAFKA_LOGIN"]?.split(":") ?? [];
    const port = ports.get("kafka-1")?.["broker"] ?? 0;
    expect(user).to.equal("cipherhorizon");
    expect(await askKafkaBrokers(port, password)).to.deep.equal([1]);
    for (const wrong of ["", "wrong"]) {
      const answer = await askKafkaBrokers(port, wrong).catch(() => "refused");
      expect(answer).to.equal("refused");
    }
  });
});
