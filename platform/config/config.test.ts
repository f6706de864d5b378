import { resolve } from "node:path";
import { expect } from "chai";
import { PlatformError } from "../errors/catalogue.ts";
import { describeConfig, type Environment, readConfig } from "./config.ts";
import { configReference } from "./reference.ts";
import { suggestion } from "./suggest.ts";
import type { Variable } from "./variable.ts";
import { variables } from "./variables.ts";

function failureOf(environment: Environment): PlatformError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("the configuration", () => {
  it("has a default for everything that needs one", () => {
    expect(readConfig({ PATH: "/bin", NODE_ENV: "test" })).include({
      dataFolder: resolve(".cipherhorizon"),
      host: "127.0.0.1",
      port: 8080,
      commandPort: 8081,
      projectionsPort: 0,
      commandUrl: null,
      logLevel: "info",
      cursorSecret: null,
    });
  });

  it("reads what is set, and can't be changed afterwards", () => {
    const config = readConfig({ CH_PORT: "0", CH_COMMAND_URL: "http://127.0.0.1:9000/" });
    expect(config).include({ port: 0, commandUrl: "http://127.0.0.1:9000" });
    expect(() => Object.assign(config, { port: 1 })).throw(TypeError);
  });

  it("tells all errors together: name, value, rule and example", () => {
    const failure = failureOf({
      CH_PORT: "99999",
      CH_LOG_LEVEL: "loud",
      CH_COMMAND_URL: "http://user:pw@host/path",
      CH_POORT: "1",
    });
    expect(failure.code).equal("CONFIG_INVALID");
    expect(failure.errors.map(({ pointer }) => pointer)).have.members([
      "/CH_PORT",
      "/CH_LOG_LEVEL",
      "/CH_COMMAND_URL",
      "/CH_POORT",
    ]);
    expect(failure.message).contain('CH_PORT: "99999" must be an integer from 0 to 65535');
    expect(failure.message).contain("example: debug");
    expect(failure.message).contain("did you mean CH_PORT?");
  });

  it("refuses an address that other machines reach without keys, and says what to do", () => {
    for (const host of ["0.0.0.0", "::", "10.0.0.1"]) {
      const { message } = failureOf({ CH_HOST: host });
      expect(message).contain(host).and.contain("keys create").and.contain("CH_API_KEYS_FILE");
      expect(readConfig({ CH_HOST: host, CH_API_KEYS_FILE: "keys.jsonl" }).host).equal(host);
    }
  });

  it("refuses every variable left empty", () => {
    for (const { name } of Object.values<Variable>(variables)) {
      expect(failureOf({ [name]: "" }).message, name).contain(name);
    }
  });

  it("never shows a secret", () => {
    const failure = failureOf({ CH_CURSOR_SECRET: "swordfish" });
    const shown = describeConfig({ CH_CURSOR_SECRET: "swordfish" });
    const login = failureOf({ CH_COMMAND_URL: "http://user:swordfish@127.0.0.1" });
    const key = failureOf({ CH_API_KEY: "chk_swordfish" });
    for (const text of [failure.message, JSON.stringify(shown), login.message, key.message]) {
      expect(text).not.contain("swordfish");
    }
    expect(shown.find(({ name }) => name === "CH_CURSOR_SECRET")?.value).equal("(hidden)");
  });

  it("says where each value comes from", () => {
    const sources = new Map(describeConfig({ CH_PORT: "1" }).map((one) => [one.name, one.source]));
    expect(sources.get("CH_PORT")).equal("environment");
    expect(sources.get("CH_HOST")).equal("default");
    expect(sources.get("CH_COMMAND_URL")).equal("unset");
  });

  it("has a reference with every variable, whose examples are valid", () => {
    for (const { name, example, schema, secret } of Object.values<Variable>(variables)) {
      expect(configReference()).contain(`## ${name}`);
      if (!secret) expect(schema.safeParse(example).success, name).equal(true);
    }
  });
});

describe("did you mean", () => {
  it("finds the nearest name, and none where all are far", () => {
    expect(suggestion("CH_PRT", ["CH_PORT", "CH_HOST"])).equal("CH_PORT");
    expect(suggestion("CH_SOMETHING_ELSE", ["CH_PORT", "CH_HOST"])).equal(null);
  });
});
