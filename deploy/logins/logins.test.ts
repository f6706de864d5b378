import { expect } from "chai";
import kafkajs, { type AclEntry } from "kafkajs";
import { influxLoginStatements } from "./influx.ts";
import { kafkaAcls } from "./kafka.ts";
import { partEnvironments } from "./part-environments.ts";
import { postgresLoginStatements } from "./postgres.ts";

const { AclOperationTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const passwordOf = (login: string) => `of-${login}`;
const ALL = {
  CH_KAFKA_BROKERS: "127.0.0.1:9092",
  CH_KAFKA_LOGIN: "cipherhorizon:secret",
  CH_INFLUX_URL: "http://cipherhorizon:secret@127.0.0.1:8086",
  CH_POSTGRES_URL: "postgres://cipherhorizon:secret@127.0.0.1:5432/cipherhorizon",
  CH_REDIS_URL: "redis://cipherhorizon:secret@127.0.0.1:6379",
  CH_MONGO_URL: "mongodb://127.0.0.1:27017/cipherhorizon",
};

const READS_INFLUX = "http://queries:of-queries@127.0.0.1:8086/";

describe("the environments of the parts", () => {
  const environments = partEnvironments(ALL, passwordOf);

  it("name the log to each, and to a projection its own store by its own login", () => {
    expect(environments.get("projections-portfolios")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_KAFKA_LOGIN: "portfolios:of-portfolios",
      CH_PROJECTIONS: "portfolios",
      CH_POSTGRES_URL: "postgres://portfolios:of-portfolios@127.0.0.1:5432/cipherhorizon",
    });
    expect(environments.get("projections-strategies")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_KAFKA_LOGIN: "strategies:of-strategies",
      CH_PROJECTIONS: "strategies",
      CH_MONGO_URL: ALL.CH_MONGO_URL,
    });
  });

  it("give the command side what its process managers keep, and the query API its reader", () => {
    expect(environments.get("command-side")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_KAFKA_LOGIN: "command-side:of-command-side",
      CH_INFLUX_URL: READS_INFLUX,
      CH_POSTGRES_URL: "postgres://processes:of-processes@127.0.0.1:5432/cipherhorizon",
    });
    expect(environments.get("query-api")).to.deep.equal({
      ...ALL,
      CH_KAFKA_LOGIN: "queries:of-queries",
      CH_INFLUX_URL: READS_INFLUX,
      CH_POSTGRES_URL: "postgres://queries:of-queries@127.0.0.1:5432/cipherhorizon",
      CH_REDIS_URL: "redis://queries:of-queries@127.0.0.1:6379",
    });
  });

  it("hold nothing of the login that may do everything, where the server has others", () => {
    const parts = [...environments].filter(([, one]) => JSON.stringify(one).includes("secret"));
    expect(parts.map(([part]) => part)).to.deep.equal(["projections-ticks-and-candles"]);
    expect(parts[0]?.[1]).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_KAFKA_LOGIN: "ticks-and-candles:of-ticks-and-candles",
      CH_PROJECTIONS: "ticks-and-candles",
      // Administrators alone make databases.
      CH_INFLUX_URL: ALL.CH_INFLUX_URL,
      CH_INFLUX_READER: "queries",
    });
  });

  it("have no login for a Kafka that wants none, and nothing for its operator then", () => {
    const { CH_KAFKA_LOGIN: _, ...open } = ALL;
    const without = partEnvironments(open, passwordOf);
    expect([...without.values()].filter((one) => "CH_KAFKA_LOGIN" in one)).to.deep.equal([]);
    expect([environments.has("operator"), without.has("operator")]).to.deep.equal([true, false]);
  });
});

describe("the statements for PostgreSQL", () => {
  it("name no password but in the role's own", () => {
    const naming = postgresLoginStatements("any", passwordOf).filter((one) => one.includes("of-"));
    expect(naming.every((one) => one.startsWith("ALTER ROLE"))).to.equal(true);
  });
});

describe("the rights on Kafka", () => {
  const acls = kafkaAcls("staging.");

  it("are for the platform's own names alone, and nobody may do everything", () => {
    expect(acls.filter(({ resourceName }) => !resourceName.startsWith("staging."))).to.deep.equal(
      [],
    );
    const { ALL: everything } = AclOperationTypes;
    expect(acls.filter(({ operation }) => operation === everything)).to.deep.equal([]);
  });

  it("let a projection's process read its topics, and share its generations", () => {
    const own = acls.filter(({ principal }) => principal === "User:risk");
    expect(own.map(textOf)).to.deep.equal([
      "READ TOPIC staging.risk.events LITERAL",
      "READ TOPIC staging.operations.events LITERAL",
      "READ GROUP staging.projections.risk. PREFIXED",
    ]);
  });

  it("let the query API read, and see who feeds what", () => {
    const own = acls.filter(({ principal }) => principal === "User:queries").map(textOf);
    expect(own).to.include("DESCRIBE GROUP staging.projections. PREFIXED");
    expect(own.filter((one) => !/^READ TOPIC|^DESCRIBE GROUP/.test(one))).to.deep.equal([]);
  });
});

function textOf({ operation, resourceType, resourceName, resourcePatternType }: AclEntry): string {
  const nameIn = (names: object, value: number) => {
    return Object.entries(names).find(([, one]) => one === value)?.[0];
  };
  return [
    nameIn(AclOperationTypes, operation),
    nameIn(AclResourceTypes, resourceType),
    resourceName,
    nameIn(ResourcePatternTypes, resourcePatternType),
  ].join(" ");
}

describe("the statements for InfluxDB", () => {
  it("make the reader, or give one that is there its password and no right of an administrator", () => {
    expect(influxLoginStatements([], passwordOf)).to.deep.equal([
      `CREATE USER "queries" WITH PASSWORD 'of-queries'`,
    ]);
    expect(influxLoginStatements(["queries"], passwordOf)).to.deep.equal([
      `SET PASSWORD FOR "queries" = 'of-queries'`,
      `REVOKE ALL PRIVILEGES FROM "queries"`,
    ]);
  });
});
