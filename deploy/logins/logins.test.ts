import { expect } from "chai";
import { partEnvironments } from "./part-environments.ts";
import { postgresLoginStatements } from "./postgres.ts";

const passwordOf = (login: string) => `of-${login}`;
const ALL = {
  CH_KAFKA_BROKERS: "127.0.0.1:9092",
  CH_POSTGRES_URL: "postgres://cipherhorizon:secret@127.0.0.1:5432/cipherhorizon",
  CH_REDIS_URL: "redis://cipherhorizon:secret@127.0.0.1:6379",
  CH_MONGO_URL: "mongodb://127.0.0.1:27017/cipherhorizon",
};

describe("the environments of the parts", () => {
  const environments = partEnvironments(ALL, passwordOf);

  it("name the log to each, and to a projection its own store by its own login", () => {
    expect(environments.get("projections-portfolios")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_PROJECTIONS: "portfolios",
      CH_POSTGRES_URL: "postgres://portfolios:of-portfolios@127.0.0.1:5432/cipherhorizon",
    });
    expect(environments.get("projections-strategies")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_PROJECTIONS: "strategies",
      CH_MONGO_URL: ALL.CH_MONGO_URL,
    });
  });

  it("give the command side what its process managers keep, and the query API its reader", () => {
    expect(environments.get("command-side")).to.deep.equal({
      CH_KAFKA_BROKERS: "127.0.0.1:9092",
      CH_POSTGRES_URL: "postgres://processes:of-processes@127.0.0.1:5432/cipherhorizon",
    });
    expect(environments.get("query-api")).to.deep.equal({
      ...ALL,
      CH_POSTGRES_URL: "postgres://queries:of-queries@127.0.0.1:5432/cipherhorizon",
      CH_REDIS_URL: "redis://queries:of-queries@127.0.0.1:6379",
    });
  });

  it("hold nothing of the login that may do everything, where the server has others", () => {
    const texts = [...environments.values()].map((one) => JSON.stringify(one));
    expect(texts.filter((one) => one.includes("secret"))).to.deep.equal([]);
  });
});

describe("the statements for PostgreSQL", () => {
  it("name no password but in the role's own", () => {
    const naming = postgresLoginStatements("any", passwordOf).filter((one) => one.includes("of-"));
    expect(naming.every((one) => one.startsWith("ALTER ROLE"))).to.equal(true);
  });
});
