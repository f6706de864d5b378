import { equityCurveReaderContract } from "../contracts/equity-curve-reader/suite.ts";
import { portfolioReaderContract } from "../contracts/portfolio-reader/suite.ts";
import { tradesContract } from "../contracts/portfolio-reader/trades-suite.ts";
import { describeWithPostgres } from "./servers.ts";

describeWithPostgres("PostgreSQL", () => {
  portfolioReaderContract("postgres");
  tradesContract("postgres");
  equityCurveReaderContract("postgres");
});
