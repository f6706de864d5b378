import { readStoreContract } from "../contracts/read-store/suite.ts";
import { describeWithInflux } from "./servers.ts";

describeWithInflux("InfluxDB", () => readStoreContract("influx"));
