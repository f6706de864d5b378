import { readStoreContract } from "./read-store/suite.ts";

readStoreContract("sqlite");
