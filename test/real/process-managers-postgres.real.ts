import { processStoreContract } from "../contracts/process-store/suite.ts";
import { processManagerSuite } from "../process-managers/suite.ts";
import { describeWithPostgres } from "./servers.ts";

describeWithPostgres("the store of a process manager in PostgreSQL", function () {
  this.timeout(60_000);
  processStoreContract("postgres");
});

describeWithPostgres("a process manager with its store in PostgreSQL", function () {
  this.timeout(900_000);
  processManagerSuite("postgres");
});
