import { strategiesReaderContract } from "../contracts/strategies-reader/suite.ts";
import { textSearchContract } from "../contracts/strategies-reader/text-suite.ts";
import { describeWithMongo } from "./servers.ts";

describeWithMongo("MongoDB", () => {
  strategiesReaderContract("mongo");
  textSearchContract("mongo");
});
