import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { downloadedBytes } from "./fetch-maven.ts";
import { kafka } from "./kafka.ts";
import { isFetched, planFetches, pomOf, programFolder } from "./recipe.ts";
import { redis } from "./redis.ts";
import { registry } from "./registry.ts";
import type { Server } from "./server.ts";
import { wantedTools } from "./tools.ts";

describe("what is fetched", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "stack-cache-"));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  function putFiles(server: Server, text: string): string {
    const folder = programFolder(cache, server);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.jar"), text);
    writeFileSync(join(folder, "fetched.json"), JSON.stringify({ "a.jar": 3 }));
    return folder;
  }

  it("is what is not in the cache, and nothing of the system's packages", () => {
    expect(planFetches(cache, [kafka, registry, redis])).to.deep.equal([kafka, registry]);
    putFiles(kafka, "abc");
    expect(planFetches(cache, [kafka, registry, redis])).to.deep.equal([registry]);
  });

  it("is fetched again when a file is gone, cut off, or the list is missing", () => {
    const folder = putFiles(kafka, "abc");
    expect(isFetched(folder)).to.equal(true);
    putFiles(kafka, "ab");
    expect(isFetched(folder)).to.equal(false);
    rmSync(join(folder, "a.jar"));
    expect(isFetched(folder)).to.equal(false);
    putFiles(kafka, "abc");
    rmSync(join(folder, "fetched.json"));
    expect(isFetched(folder)).to.equal(false);
  });

  it("has another folder when the version or a part of the recipe is another", () => {
    const [recipe] = [kafka.recipe];
    if (recipe?.kind !== "maven") throw new Error("no recipe of Maven");
    const other = { ...kafka, recipe: { ...recipe, artifacts: recipe.artifacts.slice(1) } };
    const folders = [kafka, other, { ...kafka, version: "9" }].map((one) => {
      return programFolder(cache, one);
    });
    expect(new Set(folders).size).to.equal(3);
  });

  it("is asked of Maven by exact versions, archives alone", () => {
    const pom = pomOf(["a.b:c:1.2", "d:e:3:tar.gz:all"]);
    expect(pom).to.contain(
      "<groupId>a.b</groupId><artifactId>c</artifactId><version>1.2</version></dependency>",
    );
    expect(pom).to.match(
      /<version>3<\/version><type>tar\.gz<\/type>.*<artifactId>\*<\/artifactId>/,
    );
  });

  it("is counted by what Maven tells", () => {
    const line = "[INFO] Downloaded from central: x/a.jar (6.7 MB at 56 MB/s)";
    expect(downloadedBytes(line)).to.equal(6_700_000);
    expect(downloadedBytes(line.replace("6.7 MB", "881 B"))).to.equal(881);
    expect(downloadedBytes("[INFO] Downloading from central: x/a.jar")).to.equal(0);
  });
});

describe("the programs that servers want", () => {
  it("are told once each, those that fetch only while something is to be fetched", () => {
    expect(wantedTools([kafka, registry, redis], [])).to.deep.equal([
      ["java", "kafka, registry"],
      ["redis-server", "redis"],
    ]);
    expect(wantedTools([kafka, registry], [kafka, registry])).to.deep.equal([
      ["java", "kafka, registry"],
      ["mvn", "kafka, registry"],
      ["tar", "registry"],
    ]);
  });
});
