import { riskReaderContract } from "./risk-reader/suite.ts";

riskReaderContract("sqlite");
