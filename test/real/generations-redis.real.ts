import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { NO_SERVERS } from "../../projections/stores.ts";
import { riskSubject } from "../contracts/generations/subjects.ts";
import { generationsContract } from "../contracts/generations/suite.ts";
import { describeWithRedisProgram, openPrivateRedis } from "./private-redis.ts";

/** A server for each test, which needs generations by their usual names. */
describeWithRedisProgram("Redis", () => {
  generationsContract(
    "redis",
    async () => {
      const server = await openPrivateRedis();
      const administer = async (...words: readonly string[]) => {
        const admin = new RedisConnection({ url: adminUrl, name: "test" });
        const [command = "", ...values] = words;
        await admin.call(command, ...values);
        await admin.close();
      };
      const adminUrl = server.url;
      await administer("ACL", "SETUSER", "projector", "on", ">p", "~*", "+@all");
      return {
        addresses: { ...NO_SERVERS, redis: server.url.replace("//", "//projector:p@") },
        breakStore: async () => {
          await administer("ACL", "SETUSER", "projector", "off");
          return () => administer("ACL", "SETUSER", "projector", "on");
        },
        close: () => server.remove(),
      };
    },
    riskSubject,
  );
});
