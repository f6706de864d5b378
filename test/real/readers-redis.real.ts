import { riskReaderContract } from "../contracts/risk-reader/suite.ts";
import { describeWithRedis } from "./servers.ts";

describeWithRedis("Redis", () => riskReaderContract("redis"));
