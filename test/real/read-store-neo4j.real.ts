import { readStoreContract } from "../contracts/read-store/suite.ts";
import { describeWithNeo4j } from "./servers.ts";

describeWithNeo4j("Neo4j", function () {
  // The server plans the statements of each generation anew, and this makes one after the other.
  this.timeout(300_000);
  readStoreContract("neo4j");
  readStoreContract("neo4jGraph");
});
