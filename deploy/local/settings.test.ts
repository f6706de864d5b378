import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { readConfig } from "../../platform/config/config.ts";
import { exampleInstance } from "./instance.fixture.ts";
import {
  chooseInstances,
  chooseServers,
  instancesOf,
  makeInstanceFolder,
  writeEnvFile,
} from "./instances.ts";
import { kafka } from "./kafka.ts";
import { redis } from "./redis.ts";
import { servers } from "./servers.ts";
import {
  NO_SETTINGS,
  readSettings,
  type Settings,
  withoutServers,
  withPorts,
  withServer,
  writeSettings,
} from "./settings.ts";
import { StackError } from "./stack-error.ts";

describe("the settings of a stack", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-settings-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const usual = { nodes: null, logins: false };
  const three = withServer(withServer(NO_SETTINGS, kafka, { ...usual, nodes: 3 }), redis, usual);
  const namesOf = (settings: Settings, names: readonly string[] = []) => {
    return chooseInstances(instancesOf(folder, settings, "/cache"), names).map(({ name }) => name);
  };

  it("are read as they were written", () => {
    expect(readSettings(folder)).to.equal(null);
    writeSettings(folder, three);
    expect(readSettings(folder)).to.deep.equal(three);
  });

  it("that are none are refused by the file's name", () => {
    writeFileSync(join(folder, "stack.json"), '{"format":2}');
    expect(() => readSettings(folder)).to.throw(StackError, "stack.json");
  });

  it("give every node its own ports, and keep them", () => {
    const ports = Object.values(three.servers["kafka"]?.nodes ?? {}).flatMap(Object.values);
    expect(ports).to.deep.equal([19_092, 19_093, 19_102, 19_103, 19_112, 19_113]);
    expect(withServer(three, kafka, usual)).to.equal(three);
    const changed = withPorts(three, { server: kafka, node: 2 }, { broker: 7, controller: 8 });
    expect(withServer(changed, kafka, usual).servers["kafka"]?.nodes["2"]).to.deep.equal({
      broker: 7,
      controller: 8,
    });
  });

  it("do not change how many nodes a server has", () => {
    const one = { ...usual, nodes: 1 };
    expect(() => withServer(three, kafka, one)).to.throw(StackError, "3 node(s), not 1");
  });

  it("give all nodes the same login, and only where one was asked for", () => {
    const secured = withServer(NO_SETTINGS, kafka, { nodes: 3, logins: true });
    const made = instancesOf(folder, secured, "/cache").toReversed().map(makeInstanceFolder);
    expect(new Set(made.map(({ password }) => password)).size).to.equal(1);
    expect(made[0]?.password).to.have.length(32);
    expect(withServer(secured, kafka, usual)).to.equal(secured);
    expect(() => withServer(three, kafka, { ...usual, logins: true })).to.throw("no logins");
    const open = instancesOf(folder, three, "/cache").map(makeInstanceFolder);
    expect(open[0]?.password).to.equal("");
  });

  it("name instances by server or by node, and forget what was destroyed", () => {
    expect(namesOf(three)).to.deep.equal(["kafka-1", "kafka-2", "kafka-3", "redis"]);
    expect(namesOf(three, ["kafka-2", "redis"])).to.deep.equal(["kafka-2", "redis"]);
    expect(namesOf(three, ["kafka"])).to.have.length(3);
    expect(namesOf(withoutServers(three, ["kafka"]))).to.deep.equal(["redis"]);
  });

  it("refuse a name that is no server, and one that is not there", () => {
    expect(() => namesOf(three, ["kafak"])).to.throw(StackError, 'no server "kafak"');
    expect(() => namesOf(three, ["kafka-4"])).to.throw(StackError, "not part of this stack");
    expect(() => chooseServers(["rediss"])).to.throw(StackError, "no server");
    expect(chooseServers([])).to.deep.equal(servers.filter((server) => server.isDefault));
  });

  it("give an environment that the platform takes, other variables as comments", () => {
    const unread = { ...redis, variables: () => ({ CH_UNREAD_URL: "redis://127.0.0.1" }) };
    const file = writeEnvFile(folder, [exampleInstance(kafka), exampleInstance(unread)]);
    const text = readFileSync(file, "utf8");
    expect(text).to.contain("#CH_UNREAD_URL=redis://127.0.0.1\n");
    const { kafkaBrokers } = readConfig(parseEnv(text));
    expect(kafkaBrokers).to.deep.equal(["127.0.0.1:19092"]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    writeEnvFile(folder, []);
    expect(existsSync(file)).to.equal(false);
  });

  it("make a password once, in a file that nobody else reads", () => {
    const [instance] = instancesOf(folder, withServer(NO_SETTINGS, redis, usual), "/cache");
    if (instance === undefined) throw new Error("no instance");
    const { password } = makeInstanceFolder(instance);
    expect(password).to.match(/^[0-9a-f]{32}$/);
    expect(statSync(join(instance.folder, "password")).mode & 0o777).to.equal(0o600);
    const [again] = instancesOf(folder, withServer(NO_SETTINGS, redis, usual), "/cache");
    expect(again && makeInstanceFolder(again).password).to.equal(password);
  });
});
