import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { projections } from "../projections/registry.ts";
import { startPlatformProcess } from "./platform-process.ts";
import { type CliRun, jsonLines, runCli, startCli } from "./run-cli.ts";

const TICKS_HEADER = "exchange,symbol,price,volume,timestamp,trade_id,side,recv_ns";
const FILLS_HEADER =
  "exchange,symbol,side,price,quantity,quote_quantity,fee,fee_currency,liquidity," +
  "timestamp,trade_id,seq";
const BASE_TIME_MS = 1_723_161_240_000;

describe("the command line", function () {
  this.timeout(120_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-cli-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, lines: readonly string[]): string {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join("\n")}\n`);
    return path;
  }

  const data = () => ["--data", join(folder, "data")];

  function tickLines(count: number): string[] {
    return Array.from({ length: count }, (_, i) => {
      const figures = `6180${i % 10}.5,0.${1 + (i % 9)},${BASE_TIME_MS + i * 500},${1000 + i}`;
      return `binance,BTCUSDT,${figures},buy,`;
    });
  }

  describe("wrong words", () => {
    it("end with 2, four parts on standard error and nothing on standard output", async () => {
      for (const words of [["nothing"], ["events", "lst"], ["demo", "--minute", "3"]]) {
        const run = await runCli(words);
        expect(run, words.join(" ")).to.deep.include({ exitCode: 2, stdout: "" });
        expectFourParts(run);
      }
    });

    it("suggest what was meant", async () => {
      expect((await runCli(["demo", "--minute", "3"])).stderr).to.match(/Did you mean --minutes/);
    });

    it("name an option's value that is wrong, and a word that is missing", async () => {
      expect((await runCli(["demo", "--minutes", "x"])).stderr).to.match(/--minutes: /);
      expect((await runCli(["import", "ticks"])).stderr).to.match(/missing required argument/);
      const fills = await runCli(["import", "fills", "x.csv"]);
      expect(fills.stderr).to.match(
        /--portfolio: is missing.*\n.*tried: cipherhorizon import fills/,
      );
    });

    it("a noun alone shows its verbs and ends with 2", async () => {
      const run = await runCli(["import"]);
      expect(run).to.deep.include({ exitCode: 2, stdout: "" });
      expect(run.stderr)
        .to.match(/ticks/)
        .and.to.not.match(/failed:/);
    });

    it("of a command open no folder", async () => {
      for (const words of [["portfolio"], ["portfolio", "p-1", "OpenPortfolio", "{"]]) {
        const run = await runCli(["commands", "send", ...words, ...data()]);
        expect(run.exitCode).to.equal(2);
        expect(run.stderr).to.not.match(/opening it/);
      }
    });

    it("of a projection that is not there say which there are", async () => {
      const run = await runCli(["serve", "projections", "portfolios", "holdings", ...data()]);
      expect(run).to.deep.include({ exitCode: 2, stdout: "" });
      expect(run.stderr).to.match(/no projection holdings; there are .*portfolios/);
    });

    it("are explained by --help, with examples and exit codes, on standard output", async () => {
      const run = await runCli(["import", "ticks", "--help"]);
      expect(run).to.deep.include({ exitCode: 0, stderr: "" });
      expect(run.stdout).to.match(/Examples:\n {2}cipherhorizon import ticks/);
      expect(run.stdout).to.match(/Exit codes: 0 ok, 2 usage/);
    });
  });

  describe("configuration", () => {
    it("lists all that is wrong at once and ends with 3", async () => {
      const wrong = { CH_PORT: "many", CH_PRT: "1" };
      const run = await runCli(["config", "check"], wrong);
      expect(run.exitCode).to.equal(3);
      expect(run.stderr)
        .to.match(/CH_PORT.*many/)
        .and.to.match(/did you mean CH_PORT/);
      expectFourParts(run);
    });

    it("says which projections a process feeds that is told none by name", async () => {
      const wrong = { CH_PROJECTIONS: "portfolios,holdings" };
      const run = await runCli(["serve", "projections", ...data()], wrong);
      expect(run.exitCode, run.stderr).to.equal(3);
      expect(run.stderr).to.match(/CH_PROJECTIONS cannot be used\n.*no holdings/);
      // A name is enough: what ends this one is that the folder holds no log.
      const named = await runCli(["serve", "projections", "portfolios", ...data()], wrong);
      expect(named.stderr).to.not.match(/CH_PROJECTIONS/);
    });

    it("is shown with its sources, secrets hidden", async () => {
      const secret = "0123456789012345678901234567890123456789";
      const run = await runCli(["config", "show", "--json"], { CH_CURSOR_SECRET: secret });
      const shown = jsonLines(run.stdout).find(({ name }) => name === "CH_CURSOR_SECRET");
      expect(shown).to.deep.include({ value: "(hidden)", source: "environment" });
      expect(run.stdout).to.not.include(secret);
    });
  });

  it("says of a file that is not there, or a folder, what it is and not that the server hung up", async () => {
    const gone = await runCli(["commands", "send", "--file", join(folder, "no.ndjson"), ...data()]);
    expect(gone.exitCode).to.equal(4);
    expect(gone.stderr).to.match(/ENOENT.*no\.ndjson/);
    expectFourParts(gone);
    const ticks = await runCli(["import", "ticks", folder, ...data()]);
    expect(ticks.exitCode).to.equal(2);
    expect(ticks.stderr).to.match(/it is a folder/);
  });

  it("tells once that the portfolio of the fills is not there", async () => {
    const fill = (id: number) => `binance,BTCUSDT,buy,9000,1,9000,0,,,1572536931803,${id},1`;
    const path = file("fills.csv", [FILLS_HEADER, fill(1), fill(2)]);
    const run = await runCli(["import", "fills", path, "--portfolio", "p-9", ...data()]);
    expect(run.exitCode).to.equal(4);
    expect(run.stderr.match(/p-9/g)).to.have.length(1);
    expect(run.stderr).to.match(/--open/);
  });

  it("checks the schemas and their generated types", async () => {
    expect((await runCli(["schemas", "check"])).exitCode).to.equal(0);
  });

  it("sends a command, lists its events and folds its aggregate without a server", async () => {
    const sent = await runCli([...openCommand("p-1"), ...data(), "--json"]);
    expect(sent.stderr).to.match(/opening it in this process/);
    expect(jsonLines(sent.stdout)[0]).to.deep.include({ accepted: true, id: "p-1", version: 1 });
    const words = ["events", "list", "--topic", "portfolio.events", "--aggregate-id", "p-1"];
    const listed = await runCli([...words, "--json", ...data()]);
    expect(jsonLines(listed.stdout).map(({ type }) => type)).to.deep.equal(["PortfolioOpened"]);
    const deposit = '{"asset":"USDT","amount":"12.50","externalReference":"x"}';
    await runCli(["commands", "send", "portfolio", "p-1", "DepositFunds", deposit, ...data()]);
    const shown = await runCli(["aggregates", "show", "portfolio", "p-1", "--json", ...data()]);
    expect(jsonLines(shown.stdout)[0]).to.deep.include({ version: 2 });
    expect(shown.stdout).to.include("12.5");
    const then = await runCli([
      "aggregates",
      "show",
      "portfolio",
      "p-1",
      "--at",
      "1",
      "--json",
      ...data(),
    ]);
    expect(jsonLines(then.stdout)[0]).to.deep.include({ version: 1 });
  });

  it("loses no digit of a number on the way", async () => {
    await runCli([...openCommand("p-1"), ...data()]);
    const deposit = '{"asset":"USDT","amount":12345678901234567.123456789,"externalReference":"x"}';
    await runCli(["commands", "send", "portfolio", "p-1", "DepositFunds", deposit, ...data()]);
    const shown = await runCli(["aggregates", "show", "portfolio", "p-1", "--json", ...data()]);
    expect(shown.stdout).to.include("12345678901234567.123456789");
  });

  it("ends with 6 on a refusal, 5 on a conflict, 4 on what is not there", async () => {
    const funds = '{"asset":"USDT","amount":"1","externalReference":"x"}';
    const send = ["commands", "send", "portfolio", "p-1"];
    const unknown = await runCli([...send, "DepositFunds", funds, ...data()]);
    expect(unknown.exitCode).to.equal(4);
    await runCli([...openCommand("p-1"), ...data()]);
    const refused = await runCli([...send, "WithdrawFunds", funds, ...data()]);
    expect(refused.exitCode).to.equal(6);
    expect(refused.stderr).to.include("INSUFFICIENT_FUNDS");
    expectFourParts(refused);
    const conflict = await runCli([
      ...send,
      "DepositFunds",
      funds,
      "--expected-version",
      "7",
      ...data(),
    ]);
    expect(conflict.exitCode).to.equal(5);
    expect(conflict.stderr).to.include("VERSION_CONFLICT");
    const missing = await runCli(["aggregates", "show", "portfolio", "p-2", ...data()]);
    expect(missing.exitCode).to.equal(4);
    expectFourParts(missing);
  });

  it("speaks to the server that holds the folder", async () => {
    const server = await startPlatformProcess(join(folder, "data"));
    try {
      const sent = await runCli([...openCommand("p-1"), ...data(), "--json"]);
      expect(sent.stderr).to.include(`Speaking to the server at ${server.url}`);
      expect(jsonLines(sent.stdout)[0]).to.deep.include({ accepted: true, version: 1 });
      const listed = await runCli(["projections", "list", "--json", ...data()]);
      const names = jsonLines(listed.stdout).map(({ name }) => name);
      expect(names).to.have.members(projections.map(({ projection }) => projection.name));
      expect((await runCli(["serve", "command-side", ...data()])).exitCode).to.equal(5);
      expect((await runCli(["doctor", ...data()])).exitCode).to.equal(0);
    } finally {
      await server.stop();
    }
  });

  it("imports ticks; the second time nothing changes", async () => {
    const path = file("ticks.csv", [TICKS_HEADER, ...tickLines(600)]);
    const first = await runCli(["import", "ticks", path, "--register", "--json", ...data()]);
    expect(first.exitCode, first.stderr).to.equal(0);
    expect(jsonLines(first.stdout)[0]).to.deep.include({ accepted: 600, duplicates: 0 });
    const events = async () => {
      const listed = await runCli([
        "events",
        "list",
        "--topic",
        "market.events",
        "--limit",
        "10000",
        "--json",
        ...data(),
      ]);
      return listed.stdout;
    };
    const before = await events();
    const closed = jsonLines(before).filter(({ type }) => type === "CandleClosed");
    expect(closed).to.have.length(5);
    const second = await runCli(["import", "ticks", path, "--register", "--json", ...data()]);
    expect(jsonLines(second.stdout)[0]).to.deep.include({ accepted: 0, duplicates: 600 });
    expect(await events()).to.equal(before);
  });

  it("names bad rows with file and line, counts them, and ends with 9", async () => {
    const lines = [TICKS_HEADER, ...tickLines(3), "binance,BTCUSDT,x,1,1723161240000,9,buy,"];
    const path = file("ticks.csv", lines);
    const run = await runCli(["import", "ticks", path, "--register", "--json", ...data()]);
    expect(run.exitCode).to.equal(9);
    expect(run.stderr).to.match(/ticks\.csv:5: price "x"/);
    expect(jsonLines(run.stdout)[0]).to.deep.include({ accepted: 3, rejected: 1, badRows: 1 });
  });

  it("sets ticks of unknown instruments aside without --register", async () => {
    const path = file("ticks.csv", [TICKS_HEADER, ...tickLines(3)]);
    const run = await runCli(["import", "ticks", path, "--json", ...data()]);
    expect(run.exitCode).to.equal(9);
    expect(jsonLines(run.stdout)[0]).to.deep.include({ accepted: 0, quarantined: 3 });
  });

  it("takes another spelling of a registered instrument for its alias", async () => {
    const spellings = ["BTC/USD", "XBTUSD"].map((symbol, i) => {
      return `kraken,${symbol},5000${i},1,${BASE_TIME_MS + i},${i + 1},buy,`;
    });
    const path = file("ticks.csv", [TICKS_HEADER, ...spellings]);
    const run = await runCli(["import", "ticks", path, "--register", "--json", ...data()]);
    expect(run.exitCode, run.stderr).to.equal(0);
    const ticks = await runCli(["events", "list", "--aggregate-id", "kraken:BTC-USD", ...data()]);
    expect(ticks.stdout).to.include("InstrumentAliasAdded");
  });

  it("imports fills with what was there before; refused ones are named", async () => {
    const fills = [
      "binance,BTCUSDT,buy,9000,1,9000,0,,,1572536931803,1,1",
      "binance,BTCUSDT,sell,9500,5,47500,0,,,1572536931903,2,2",
    ];
    const path = file("fills.csv", [FILLS_HEADER, ...fills]);
    const words = ["import", "fills", path, "--portfolio", "p-1", "--json", ...data()];
    const open = [...words, "--open", "--deposit", "USDT=10000", "BTC=0.5@8000"];
    const first = await runCli(open);
    expect(first.exitCode).to.equal(9);
    expect(first.stderr).to.match(/fills\.csv:3: INSUFFICIENT_HOLDING/);
    expect(jsonLines(first.stdout)[0]).to.deep.include({ recorded: 1, refused: 1 });
    const second = await runCli([...words, "--assume-missing"]);
    expect(second.exitCode, second.stderr).to.equal(0);
    expect(jsonLines(second.stdout)[0]).to.deep.include({ recorded: 1, known: 1, refused: 0 });
    const third = await runCli([...open, "--assume-missing"]);
    expect(jsonLines(third.stdout)[0]).to.deep.include({ recorded: 0, known: 2, refused: 0 });
  });

  it("rebuilds a projection into a new live generation", async () => {
    await runCli([...openCommand("p-1"), ...data()]);
    const run = await runCli(["projections", "rebuild", "portfolios", "--json", ...data()]);
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(jsonLines(run.stdout).at(-1)).to.deep.include({ generation: 2, phase: "live" });
    const unknown = await runCli(["projections", "rebuild", "nothing", ...data()]);
    expect(unknown.exitCode).to.equal(4);
  });

  it("follows events until Ctrl-C", async () => {
    await runCli([...openCommand("p-1"), ...data()]);
    const server = await startPlatformProcess(join(folder, "data"));
    try {
      const words = ["events", "tail", "--topic", "portfolio.events", "--from", "start", "--json"];
      const tail = startCli([...words, ...data()]);
      await tail.shows('"aggregateId":"p-1"');
      await runCli([...openCommand("p-2"), ...data()]);
      await tail.shows('"aggregateId":"p-2"');
      tail.child.kill("SIGINT");
      expect((await tail.ended()).exitCode).to.equal(130);
    } finally {
      await server.stop();
    }
  });

  it("verifies the log", async () => {
    await runCli([...openCommand("p-1"), ...data()]);
    const sound = await runCli(["log", "verify", "--json", ...data()]);
    expect(sound.exitCode, sound.stderr).to.equal(0);
    expect(jsonLines(sound.stdout)[0]).to.deep.include({ isSound: true, problems: 0 });
  });

  it("begins no platform where one was only asked about", async () => {
    const nowhere = join(folder, "typing-error");
    for (const words of [
      ["log", "verify"],
      ["projections", "list"],
      ["events", "list"],
    ]) {
      const run = await runCli([...words, "--data", nowhere]);
      expect(run, words.join(" ")).to.deep.include({ exitCode: 4, stdout: "" });
      expect(run.stderr).to.include(`there is no platform in ${nowhere}`);
      expectFourParts(run);
    }
    expect(existsSync(nowhere)).to.equal(false);
  });

  describe("demo", () => {
    it("ends by itself with --exit, and its last line tells what was done", async () => {
      const run = await runCli(["demo", "--exit", "--json", "--minutes", "5", ...data()]);
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.stderr.split("\n")[0]).to.match(/^Embedded: .*SQLite.*server whose address/);
      const summary = jsonLines(run.stdout).at(-1);
      expect(summary).to.have.keys(
        "commands",
        "events",
        "ticks",
        "projections",
        "counts",
        "seconds",
      );
      expect(summary?.["counts"]).to.deep.include({
        strategies: 2,
        traders: 4,
        follows: 4,
        copies: 1,
      });
      expect(summary?.["counts"]).to.deep.include({ limits: 6, breaches: 1 });
      const { ticks, projections } = summary as {
        ticks: Record<string, number>;
        projections: Record<string, { rows: number; position: Record<string, number> }>;
      };
      expect(ticks).to.deep.include({ duplicates: 0, rejected: 0, quarantined: 0 });
      expect(ticks.accepted).to.be.above(300);
      expect(projections["ticks-and-candles"]?.rows).to.be.above(ticks.accepted ?? 0);
      expect(projections.portfolios?.rows).to.be.above(10);
      expect((await runCli(["log", "verify", ...data()])).exitCode).to.equal(0);
    });

    it("shows prices, candles and portfolios as tables", async () => {
      const run = await runCli(["demo", "--exit", "--minutes", "5", ...data()]);
      expect(run.stdout).to.match(/^Embedded: /);
      expect(run.stdout).to.match(/demo:BTC-USDT +\d+\.\d+ +\d+\.\d+/);
      expect(run.stdout).to.match(/one-minute candles/);
      expect(run.stdout).to.match(/demo-steady \(Steady hands, average\)/);
    });

    it("ticks on until Ctrl-C, which ends it with 130 and removes its folder", async () => {
      const environment = { TMPDIR: folder };
      const demo = startCli(["demo", "--minutes", "1"], environment);
      await demo.shows("Ctrl-C ends it");
      await sleep(1_500);
      const url = /curl '(http:[^']*\/ticker)'/.exec(demo.stdout())?.[1] ?? "";
      expect((await fetch(url)).status).to.equal(200);
      demo.child.kill("SIGINT");
      expect(await demo.ended()).to.deep.include({ exitCode: 130, stderr: "" });
      expect(readdirSync(folder).filter((name) => name.startsWith("cipherhorizon"))).to.deep.equal(
        [],
      );
    });

    it("takes files instead, the fills once per cost method", async () => {
      const ticks = file("ticks.csv", [TICKS_HEADER, ...tickLines(50)]);
      const fills = file("fills.csv", [
        FILLS_HEADER,
        "binance,BTCUSDT,buy,9000,1,9000,0.001,BTC,maker,1572536931803,1,1",
      ]);
      const words = ["demo", "--exit", "--json", "--ticks", ticks, "--fills", fills, ...data()];
      const run = await runCli(words);
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(jsonLines(run.stdout).at(-1)?.ticks).to.deep.include({ accepted: 50 });
      const shown = await runCli(["aggregates", "show", "portfolio", "fills-fifo", ...data()]);
      expect(shown.exitCode).to.equal(0);
    });
  });
});

function openCommand(id: string): string[] {
  return ["commands", "send", "portfolio", id, "OpenPortfolio", '{"name":"Main"}'];
}

function expectFourParts({ stderr }: CliRun): void {
  for (const part of [/^failed: /m, /^ {2}error: /m, /^ {2}tried: /m, /^ {2}to do: /m]) {
    expect(stderr).to.match(part);
  }
}
