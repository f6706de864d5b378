import { equityCurveReaderContract } from "./equity-curve-reader/suite.ts";

equityCurveReaderContract("sqlite");
