import { portfolioReaderContract } from "./portfolio-reader/suite.ts";
import { tradesContract } from "./portfolio-reader/trades-suite.ts";

portfolioReaderContract("sqlite");
tradesContract("sqlite");
