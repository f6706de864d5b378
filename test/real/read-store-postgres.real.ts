import { readStoreContract } from "../contracts/read-store/suite.ts";
import { describeWithPostgres } from "./servers.ts";

describeWithPostgres("PostgreSQL", () => readStoreContract("postgres"));
