import { expect } from "chai";
import { DatabaseError } from "pg";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { errorOfPostgres, isDataErrorOfPostgres } from "./errors.ts";

describe("an error of PostgreSQL", () => {
  const codeOf = (error: Error) => {
    const named = errorOfPostgres(error, "127.0.0.1:5432/db");
    return named instanceof PlatformError ? named.code : null;
  };

  const states: Readonly<Record<string, string | null>> = {
    "28P01": "STORE_REFUSED",
    "28000": "STORE_REFUSED",
    "3D000": "STORE_REFUSED",
    "42501": "STORE_REFUSED",
    "08006": "STORE_UNAVAILABLE",
    "40P01": "STORE_UNAVAILABLE",
    "53300": "STORE_UNAVAILABLE",
    "55P03": "STORE_UNAVAILABLE",
    "57P03": "STORE_UNAVAILABLE",
    "57014": "STORE_UNAVAILABLE",
    "58030": "STORE_UNAVAILABLE",
    "42601": null,
    "22P02": null,
  };
  for (const [state, code] of Object.entries(states)) {
    it(`of state ${state} is ${code ?? "left as it is"}`, () =>
      expect(codeOf(stated(state))).to.equal(code));
  }

  it("is of the content in the classes 22, 23 and 54 alone", () => {
    const ofContent = ["22003", "23502", "54000", "40001", "42601", "08006"].filter((state) => {
      return isDataErrorOfPostgres(stated(state));
    });
    expect(ofContent).to.deep.equal(["22003", "23502", "54000"]);
    expect(isDataErrorOfPostgres(new Error("22003"))).to.equal(false);
  });

  it("is the connection's where the client gives up, and a defect where it is none", () => {
    expect(codeOf(new Error("Connection terminated unexpectedly"))).to.equal("STORE_UNAVAILABLE");
    expect(codeOf(new TypeError("x is not a function"))).to.equal(null);
  });

  it("says that the password is missing, which the client tells in words of its own", () => {
    const text = "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string";
    const named = errorOfPostgres(new Error(text), "127.0.0.1:5432/db");
    expect(named).to.have.property("code", "STORE_REFUSED");
    expect((named as Error).message).to.include("wants a password");
  });

  it("names every number of an address that did not answer", () => {
    const errors = [
      new Error("connect ECONNREFUSED ::1"),
      new Error("connect ECONNREFUSED 127.0.0.1"),
    ];
    const named = errorOfPostgres(new AggregateError(errors), "localhost:5432/db") as Error;
    expect(named).to.have.property("code", "STORE_UNAVAILABLE");
    expect(named.message).to.include("::1").and.include("127.0.0.1");
  });
});

function stated(state: string): DatabaseError {
  const error = new DatabaseError("something", 1, "error");
  error.code = state;
  return error;
}
