import { processManagerSuite } from "./process-managers/suite.ts";

describe("a process manager", function () {
  this.timeout(900_000);
  processManagerSuite("sqlite");
});
