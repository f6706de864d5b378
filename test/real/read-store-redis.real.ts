import { readStoreContract } from "../contracts/read-store/suite.ts";
import { describeWithRedis } from "./servers.ts";

describeWithRedis("Redis", () => readStoreContract("redis"));
