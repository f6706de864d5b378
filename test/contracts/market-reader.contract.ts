import { candlesContract } from "./market-reader/candles-suite.ts";
import { marketReaderContract } from "./market-reader/suite.ts";

marketReaderContract("sqlite");
candlesContract("sqlite");
