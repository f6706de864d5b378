import { socialReaderContract } from "../contracts/social-reader/suite.ts";
import { describeWithNeo4j } from "./servers.ts";

describeWithNeo4j("Neo4j", function () {
  // The server plans the queries of each generation anew, and this makes one after the other.
  this.timeout(600_000);
  socialReaderContract("neo4j");
});
