import { processStoreContract } from "./process-store/suite.ts";

describe("the store of a process manager in SQLite", () => processStoreContract("sqlite"));
