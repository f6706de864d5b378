import { expect } from "chai";
import { Neo4jError } from "neo4j-driver";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { errorOfNeo4j } from "./errors.ts";

/** As the driver makes it. */
function neo4jError(code: string, message: string): Neo4jError {
  return new Neo4jError(message, code, "50N42", message);
}

describe("errors of Neo4j", () => {
  const answers: Readonly<Record<string, readonly [code: string, message: string][]>> = {
    STORE_UNAVAILABLE: [
      ["ServiceUnavailable", "Could not perform discovery. No routing servers available."],
      ["SessionExpired", "Pool is closed, it is no more able to serve requests."],
      ["ProtocolError", "Connection was closed by server"],
      ["N/A", "Connection acquisition timed out in 10000 ms."],
      ["Neo.TransientError.Transaction.DeadlockDetected", "can't acquire a lock"],
      ["Neo.DatabaseError.Transaction.TransactionCommitFailed", "No space left on device"],
      ["Neo.ClientError.Transaction.TransactionTimedOut", "The transaction has been terminated."],
    ],
    STORE_REFUSED: [
      ["Neo.ClientError.Security.Unauthorized", "unauthorized due to authentication failure"],
      ["Neo.ClientError.Database.DatabaseNotFound", "Database does not exist."],
    ],
  };
  for (const [expected, ofServer] of Object.entries(answers)) {
    for (const [code, message] of ofServer) {
      it(`are ${expected}: ${code}`, () => {
        const error = errorOfNeo4j(neo4jError(code, message), "127.0.0.1:7687/neo4j");
        expect(error).to.be.instanceOf(PlatformError).and.have.property("code", expected);
        expect(error).to.have.property("message").that.includes(message);
      });
    }
  }

  it("are no trouble of the server where a statement of ours is wrong", () => {
    const code = "Neo.ClientError.Statement.SyntaxError";
    const error = neo4jError(code, "Invalid input 'MACH'");
    expect(errorOfNeo4j(error, "127.0.0.1:7687/neo4j")).to.equal(error);
  });
});
