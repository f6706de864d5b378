import { expect } from "chai";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { Failure, failureText, toFailure } from "./failure.ts";

describe("failures", () => {
  const parts = { failed: "the log", error: "line one\nline two", tried: "all", todo: "this" };

  it("tell what failed, the error, what was tried and what to do", () => {
    const lines = failureText(new Failure(7, parts, "NOT_READY")).split("\n");
    expect(lines[0]).to.equal("failed: the log");
    expect(lines.slice(1).map((line) => line.slice(0, 9))).to.deep.equal([
      "  error: ",
      "         ",
      "  tried: ",
      "  to do: ",
    ]);
    expect(lines[2]).to.equal("         line two (NOT_READY)");
  });

  it("end with the exit code of the platform's own error", () => {
    const failure = toFailure(new PlatformError("FOLDER_LOCKED", "in use"), "serve all");
    expect(failure).to.deep.include({ exitCode: 5, code: "FOLDER_LOCKED" });
    expect(toFailure(new PlatformError("CONFIG_INVALID", "x"), "y").exitCode).to.equal(3);
  });

  it("say each field's error once, and what to do on this machine", () => {
    const errors = [
      { pointer: "/CH_A", detail: "is wrong" },
      { pointer: "/CH_B", detail: "is missing" },
    ];
    const { parts } = toFailure(
      new PlatformError("CONFIG_INVALID", "CH_A: is wrong", { errors }),
      "x",
    );
    expect(parts.error).to.equal("CH_A: is wrong\n/CH_B: is missing");
    expect(toFailure(new PlatformError("FOLDER_LOCKED", "in use"), "x").parts.todo).to.match(
      /--data/,
    );
  });

  it("name the path that is not there", () => {
    const error = Object.assign(new Error("ENOENT: no such file, open 'x.csv'"), {
      code: "ENOENT",
    });
    expect(toFailure(error, "import ticks")).to.deep.include({ exitCode: 4, code: "ENOENT" });
  });

  it("show where a defect of the program is", () => {
    const failure = toFailure(new TypeError("x is not a function"), "demo");
    expect(failure.exitCode).to.equal(1);
    expect(failure.parts.error).to.include("failure.test.ts");
  });
});
