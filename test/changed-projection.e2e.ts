import { NO_SERVERS } from "../projections/stores.ts";
import { changedProjectionContract } from "./contracts/generations/changed-projection.ts";

describe("a projection with a column more, fed by newer code beside the older", function () {
  this.timeout(240_000);
  changedProjectionContract(() => ({ environment: {}, servers: NO_SERVERS }));
});
