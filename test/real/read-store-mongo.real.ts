import { readStoreContract } from "../contracts/read-store/suite.ts";
import { describeWithMongo } from "./servers.ts";

describeWithMongo("MongoDB", () => readStoreContract("mongo"));
