import { candlesContract } from "../contracts/market-reader/candles-suite.ts";
import { marketReaderContract } from "../contracts/market-reader/suite.ts";
import { describeWithInflux } from "./servers.ts";

describeWithInflux("InfluxDB", () => {
  marketReaderContract("influx");
  candlesContract("influx");
});
