import { strategiesReaderContract } from "./strategies-reader/suite.ts";
import { textSearchContract } from "./strategies-reader/text-suite.ts";

strategiesReaderContract("sqlite");
textSearchContract("sqlite");
