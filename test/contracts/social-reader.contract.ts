import { socialReaderContract } from "./social-reader/suite.ts";

socialReaderContract("sqlite");
