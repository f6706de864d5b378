import { NO_SERVERS } from "../../projections/stores.ts";
import { generationsContract } from "../contracts/generations/suite.ts";
import { describeWithPostgres, temporaryDatabase } from "./servers.ts";

describeWithPostgres("PostgreSQL", () => {
  generationsContract("postgres", async () => {
    const database = await temporaryDatabase();
    return {
      addresses: { ...NO_SERVERS, postgres: database.url },
      breakStore: async () => {
        await database.administer("ALTER DATABASE $DATABASE ALLOW_CONNECTIONS false");
        return () => database.administer("ALTER DATABASE $DATABASE ALLOW_CONNECTIONS true");
      },
      close: () => database.drop(),
    };
  });
});
