import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { counters } from "../../projections/runner/runner.fixture.ts";
import { Neo4jPool } from "../../projections/stores/neo4j/pool.ts";
import { Neo4jReadStore } from "../../projections/stores/neo4j/store.ts";
import { rejection } from "../contracts/read-store/disturbances.ts";
import { feedDisturbed, feedTwice } from "./fed-log.ts";
import { describeWithNeo4jProgram, openPrivateNeo4j, type PrivateNeo4j } from "./private-neo4j.ts";
import { describeWithNeo4j, neo4jUrl } from "./servers.ts";

/** Each takes the seconds in which the server reads its transaction log again. */
const KILLS = 2;
const SILENCE_MS = 3_000;

function openStore(url: string, generation = `test_faults_${randomUUID()}`): Neo4jReadStore {
  return new Neo4jReadStore({ url, generation, projection: counters, graph: {} });
}

describeWithNeo4jProgram("a Neo4j of the test's own", function () {
  this.timeout(600_000);
  let server: PrivateNeo4j;

  before(async () => {
    server = await openPrivateNeo4j();
  });

  after(() => server.remove());

  it("is killed and started while batches are written: nothing is lost or doubled", async () => {
    const killed = async () => {
      await server.kill();
      await server.start();
    };
    await feedDisturbed(openStore(server.url), killed, KILLS);
  });

  it("goes silent: the call ends in time, and the next one works when it is back", async () => {
    const parts = { url: server.url, name: "test", connections: 1, answerTimeoutMs: SILENCE_MS };
    const pool = new Neo4jPool(parts);
    await pool.command("RETURN 1 AS one");
    server.signal("SIGSTOP");
    for (const ask of [() => pool.command("RETURN 1 AS one"), () => pool.transaction(one)]) {
      expect(await rejection(ask())).to.have.property("code", "STORE_UNAVAILABLE");
    }
    server.signal("SIGCONT");
    expect(await pool.transaction(one)).to.deep.equal([{ one: 1 }]);
    await pool.close();
  });
});

function one(session: { run(text: string): Promise<unknown> }): Promise<unknown> {
  return session.run("RETURN 1 AS one");
}

describeWithNeo4j("Neo4j, while batches are written", function () {
  this.timeout(120_000);

  it("ends their transactions, and nothing is lost or doubled", async () => {
    const admin = new Neo4jPool({ url: neo4jUrl(), name: "disturber", connections: 1 });
    const store = openStore(neo4jUrl());
    // Neo4j 5.26 trips over an index for ever whose making was ended on a server's first day.
    await store.create();
    await feedDisturbed(store, async () => {
      await admin.command(TERMINATE);
    });
    await admin.close();
  });

  it("is taken over by a second projector, and the first stops", async () => {
    const generation = `test_faults_${randomUUID()}`;
    await feedTwice([openStore(neo4jUrl(), generation), openStore(neo4jUrl(), generation)]);
  });
});

/** Of projectors of these tests alone. */
const TERMINATE = `SHOW TRANSACTIONS YIELD transactionId AS id, metaData
  WHERE metaData.application STARTS WITH "cipherhorizon test_faults_"
  TERMINATE TRANSACTIONS id YIELD message RETURN message`;
