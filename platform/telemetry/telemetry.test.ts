import { expect } from "chai";
import { createLogger } from "./logger.ts";
import { metricsRegistry } from "./metrics.ts";

describe("metrics", () => {
  it("have names in base units, counters in _total, and no ids as labels", async () => {
    const all = await metricsRegistry.getMetricsAsJSON();
    const metrics = all.filter(({ name }) => !/^(nodejs|process)_/.test(name));
    expect(metrics.length).greaterThan(10);
    for (const { name, type, help } of metrics) {
      expect(name)
        .match(/^[a-z][a-z0-9_]*$/)
        .and.not.match(/_(ms|millis|minutes|kb)(_|$)/);
      expect(name.endsWith("_total"), name).equal(String(type) === "counter");
      expect(help).match(/\.$/);
    }
  });
});

describe("the logger", () => {
  function linesOf(write: (logger: ReturnType<typeof createLogger>) => void, level = "info") {
    const lines: string[] = [];
    write(createLogger(level as "info", { write: (line) => void lines.push(line) }));
    return lines;
  }

  it("writes JSON lines with the level's name and ISO time", () => {
    const [line = ""] = linesOf((logger) => logger.info({ projection: "portfolios" }, "ready"));
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(record).include({ level: "info", projection: "portfolios", msg: "ready" });
    expect(record["time"]).match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("keeps to its level", () => {
    expect(linesOf((logger) => logger.info("x"), "warn")).have.length(0);
    expect(linesOf((logger) => logger.fatal("x"), "silent")).have.length(0);
  });

  it("never writes a secret", () => {
    const lines = linesOf((logger) => {
      logger.info({ cursorSecret: "swordfish", config: { cursorSecret: "swordfish" } }, "a");
      logger.info({ request: { headers: { authorization: "swordfish" } } }, "b");
    });
    expect(lines.join("")).contain("(hidden)");
    expect(lines.join("")).not.contain("swordfish");
  });
});
