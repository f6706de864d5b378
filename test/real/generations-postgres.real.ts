import { generationsContract } from "../contracts/generations/suite.ts";
import { describeWithPostgres, temporaryDatabase } from "./servers.ts";

describeWithPostgres("PostgreSQL", () => {
  generationsContract("postgres", async () => {
    const database = await temporaryDatabase();
    return {
      addresses: { influx: null, postgres: database.url, redis: null },
      breakStore: async () => {
        await database.administer("ALTER DATABASE $DATABASE ALLOW_CONNECTIONS false");
        return () => database.administer("ALTER DATABASE $DATABASE ALLOW_CONNECTIONS true");
      },
      close: () => database.drop(),
    };
  });
});
