import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import manifest from "../package.json" with { type: "json" };
import { readConfig } from "../platform/config/config.ts";
import type { Variable } from "../platform/config/variable.ts";
import { variables } from "../platform/config/variables.ts";
import { exampleInstance } from "./local/instance.fixture.ts";
import { instancesOf, variablesOf } from "./local/instances.ts";
import { kafka } from "./local/kafka.ts";
import { servers } from "./local/servers.ts";
import { NO_SETTINGS, withServer } from "./local/settings.ts";

interface Service {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly "x-servers": Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, Service>>;
}

/** `${NAME}` and `${NAME:?what to do}`; `$$` is a dollar of the container's own. */
const PLACEHOLDER = /(?<!\$)\$\{(\w+)(?::\?[^}]*)?\}/g;
/** PostgreSQL counts two numbers, the others three. */
const EXACT_IMAGE = /^(postgres:\d+\.\d+|[^:]+:\d+\.\d+\.\d+[\w.-]*)$/;
const EXAMPLE_PASSWORD = "0123456789abcdef0123456789abcdef";

const textOf = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const text = textOf("compose.yaml");
const dockerfile = textOf("Dockerfile");
const compose = parse(text.replaceAll(PLACEHOLDER, EXAMPLE_PASSWORD), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const platform = services.filter(([, { build }]) => build !== undefined);
const known = new Set(Object.values<Variable>(variables).map(({ name }) => name));
const PLAIN = { nodes: null, logins: false };
const usual = servers.filter(({ isDefault }) => isDefault);

/** What `ENV` of the Dockerfile gives every part. */
function imageEnvironment(): Record<string, string> {
  const pairs = dockerfile.matchAll(/^(?:ENV| ) (CH_\w+)=(\S+)/gm);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

/** The names of the variables that `stack up` gives the platform. */
function stackVariables(): readonly string[] {
  const settings = usual.reduce((all, server) => withServer(all, server, PLAIN), NO_SETTINGS);
  return Object.keys(variablesOf(instancesOf("/stack", settings, "/cache")));
}

describe("the platform in Docker", () => {
  it("gets an environment in every part that its configuration takes", () => {
    expect(platform.map(([name]) => name)).to.include.members(["command-side", "query-api"]);
    for (const [name, { environment }] of platform) {
      const whole = { ...imageEnvironment(), ...environment };
      expect(() => readConfig(whole), name).not.to.throw();
    }
  });

  it("gets the variables that stack up gives, those it does not read as comments", () => {
    const given = Object.keys(compose["x-servers"]);
    const comments = [...text.matchAll(/^ *# (CH_\w+):/gm)].map(([, name]) => name);
    const wanted = stackVariables();
    expect(given).to.have.members(wanted.filter((name) => known.has(name)));
    expect(comments).to.have.members(wanted.filter((name) => !known.has(name)));
    for (const [name, { environment }] of platform) {
      expect(environment, name).to.include(compose["x-servers"]);
    }
  });

  it("gets no variable from its scripts that it does not know", () => {
    const scripts = [dockerfile, textOf("entrypoint.sh"), textOf("prepare.sh")].join("\n");
    const named = [...scripts.matchAll(/\bCH_\w+/g)].map(([name]) => name);
    expect([...new Set(named)].filter((name) => !known.has(name))).to.deep.equal([]);
  });

  it("runs on the pinned Node, under its own version, and not as root", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(bases)).to.deep.equal(
      new Set([`node:${manifest.dependencies.node}-bookworm-slim`]),
    );
    const images = platform.map(([, { image }]) => image);
    expect(new Set(images)).to.deep.equal(new Set([`cipherhorizon:${manifest.version}`]));
    expect(dockerfile.match(/^USER .*$/gm)?.at(-1)).to.equal("USER node");
  });
});

describe("the servers in Docker", () => {
  it("are those of stack up, at the same ports of this machine", () => {
    for (const { name, ports } of usual) {
      const [published] = compose.services[name]?.ports ?? [];
      expect(published, name).to.match(new RegExp(`^127\\.0\\.0\\.1:${Object.values(ports)[0]}:`));
    }
  });

  it("are reached from here at the addresses that the file for tests has", () => {
    const inside = Object.entries(compose["x-servers"]).map(([name, address]) => {
      return `${name}=${fromHere(address)}`;
    });
    const given = textOf("from-here.env").replaceAll(PLACEHOLDER, EXAMPLE_PASSWORD);
    const lines = given.split("\n").filter((line) => line.startsWith("CH_"));
    expect(lines.map((line) => line.replaceAll('"', ""))).to.have.members(inside);
  });

  it("and the platform are reached from this machine alone", () => {
    const published = services.flatMap(([, { ports }]) => ports ?? []);
    expect(published.filter((port) => !port.startsWith("127.0.0.1:"))).to.deep.equal([]);
  });

  it("and the platform have a check of their health, and images with exact tags", () => {
    expect(dockerfile).to.match(/^HEALTHCHECK .*\n.*\/livez/m);
    for (const [name, { healthcheck, build, image }] of services) {
      expect(healthcheck?.test ?? build?.dockerfile, name).not.to.equal(undefined);
      expect(image, name).to.match(EXACT_IMAGE);
    }
  });

  it("take their passwords from the file that the page tells how to make", () => {
    const page = textOf("../docs/operations/compose.md");
    const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name);
    for (const name of new Set(names)) expect(page).to.match(new RegExp(`\\b${name}\\b`));
  });

  it("include a Kafka with the settings of stack up, its addresses aside", () => {
    const own = /^(process|node|controller|listeners|advertised|log\.dirs)/;
    const settings = kafka.files(exampleInstance(kafka))["server.properties"]?.trim().split("\n");
    const wanted = (settings ?? []).filter((line) => !own.test(line)).map(environmentLine);
    const { environment = {} } = compose.services["kafka"] ?? {};
    const given = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    expect(wanted).to.have.length.above(10);
    expect(given).to.include.members(wanted);
  });
});

/** `redis:6379` → `127.0.0.1:16379`; outside, the one member of a replica set is asked directly. */
function fromHere(address: string): string {
  return services.reduce(
    (text, [name, { ports = [] }]) => {
      const [published = ""] = ports;
      const inside = new RegExp(`(?<=^|@|//)${name}:\\d+(?=$|/)`);
      return text.replace(inside, published.slice(0, published.lastIndexOf(":")));
    },
    address.replace("replicaSet=rs0", "directConnection=true"),
  );
}

/** `log.retention.ms=-1` → `KAFKA_LOG_RETENTION_MS=-1`, as the image reads it. */
function environmentLine(line: string): string {
  const [name = "", value = ""] = line.split("=");
  return `KAFKA_${name.toUpperCase().replaceAll(".", "_")}=${value}`;
}
