import { expect } from "chai";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { errorOfRedis } from "./errors.ts";

/** As the client makes it of an answer: with the command that was sent. */
function reply(message: string): Error {
  const command = { name: "auth", args: ["user", "s3cret"] };
  return Object.assign(new Error(message), { name: "ReplyError", command });
}

describe("errors of Redis", () => {
  const answers: Readonly<Record<string, readonly string[]>> = {
    STORE_UNAVAILABLE: [
      "LOADING Redis is loading the dataset in memory",
      "BUSY Redis is busy running a script.",
      "OOM command not allowed when used memory > 'maxmemory'.",
      "READONLY You can't write against a read only replica.",
      "MISCONF Errors writing to the AOF file: No space left on device",
      "ERR max number of clients reached",
    ],
    STORE_REFUSED: [
      "NOAUTH Authentication required.",
      "WRONGPASS invalid username-password pair or user is disabled.",
      "NOPERM this user has no permissions to run the 'eval' command",
      "ERR DB index is out of range",
      "ERR ACL failure in script: User reader has no permissions to run the 'hset' command",
    ],
    STORE_UNSUITABLE: ["MOVED 3999 127.0.0.1:6381", "CLUSTERDOWN The cluster is down"],
  };
  for (const [code, messages] of Object.entries(answers)) {
    for (const message of messages) {
      it(`are ${code}: ${message}`, () => {
        const error = errorOfRedis(reply(message), "127.0.0.1:6379/0");
        expect(error).to.be.instanceOf(PlatformError).and.have.property("code", code);
        expect(error).to.have.property("message").that.includes(message);
      });
    }
  }

  it("are no trouble of the server where a script of ours is wrong", () => {
    const error = errorOfRedis(reply("ERR Error running script"), "127.0.0.1:6379/0");
    expect(error).to.be.instanceOf(Error).and.not.instanceOf(PlatformError);
  });

  it("never carry what was sent", () => {
    for (const message of ["NOAUTH", "ERR whatever"]) {
      const error = errorOfRedis(reply(message), "127.0.0.1:6379/0") as Error;
      expect(JSON.stringify({ ...error, cause: error.cause })).not.to.include("s3cret");
    }
  });
});
