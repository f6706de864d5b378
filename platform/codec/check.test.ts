import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { checkSchemas } from "./check.ts";
import { SCHEMA_FOLDER } from "./codec.ts";
import { writeGeneratedFiles } from "./generate.ts";
import type { AvroField, RecordSchema } from "./schema-files.ts";
import { schemaFolder } from "./testing/codec-fixture.ts";

const reason: AvroField = { name: "reason", type: "string" };

function closed(...fields: readonly AvroField[]): RecordSchema {
  return { type: "record", name: "PortfolioClosed", namespace: "cipherhorizon.portfolio", fields };
}

/** What is found in a folder with these versions of `PortfolioClosed`, freshly generated. */
function findings(versions: Readonly<Record<string, RecordSchema>>): readonly string[] {
  const entries = Object.entries(versions).map(([version, schema]) => {
    return [`portfolio/PortfolioClosed/${version}`, schema];
  });
  const folder = schemaFolder(Object.fromEntries(entries));
  mkdirSync(join(folder, "generated"));
  try {
    writeGeneratedFiles(folder);
  } catch {
    return checkSchemas(folder).map(({ message }) => message);
  }
  return checkSchemas(folder).map(({ where, message }) => `${where}: ${message}`);
}

describe("the check of the schemas", () => {
  it("finds nothing in the schemas of this repository, its generated files included", () => {
    expect(checkSchemas(SCHEMA_FOLDER)).to.deep.equal([]);
  });

  it("finds nothing where a new version adds a field with a default", () => {
    const v2 = closed(reason, { name: "by", type: "string", default: "" });
    expect(findings({ v1: closed(reason), v2 })).to.deep.equal([]);
  });

  it("names the field and the versions that do not go together", () => {
    const v2 = closed(reason, { name: "by", type: "string" });
    expect(findings({ v1: closed(reason), v2 })).to.deep.equal([
      "portfolio/PortfolioClosed: versions 1 and 2: cipherhorizon.portfolio.PortfolioClosed.by: " +
        "new field without default, so events of older versions cannot be read; give it a default",
    ]);
  });

  it("compares each version with all before it, not with the last alone", () => {
    const by: AvroField = { name: "by", type: "string" };
    const versions = { v1: closed(), v2: closed({ ...by, default: "" }), v3: closed(by) };
    expect(findings(versions)).to.have.length(1);
    expect(findings(versions)[0]).to.contain("versions 1 and 3");
  });

  it("finds a version left out, and another namespace", () => {
    expect(findings({ v1: closed(), v3: closed() })).to.deep.equal([
      "portfolio/PortfolioClosed: version 2 is missing",
    ]);
    expect(findings({ v1: { ...closed(), namespace: "cipherhorizon.risk" } })).to.deep.equal([
      "portfolio/PortfolioClosed/v1.avsc: the namespace must be cipherhorizon.portfolio",
    ]);
  });

  it("finds a field in another case, and a type that is none", () => {
    const snake = closed({ name: "closed_by", type: "string" });
    expect(findings({ v1: snake })).to.deep.equal([
      "portfolio/PortfolioClosed/v1.avsc: closed_by must be in camelCase",
    ]);
    const unknown = closed({ name: "by", type: "Person" });
    expect(findings({ v1: unknown })[0]).to.contain("undefined type name");
  });

  it("finds decimals of another precision", () => {
    const type = { type: "bytes", logicalType: "decimal", precision: 20, scale: 8 } as const;
    const found = findings({ v1: closed({ name: "amount", type }) });
    expect(found[0]).to.contain("decimals have precision 38 and scale 18, not 20 and 8");
  });

  it("finds files and records of other names", () => {
    expect(findings({ first: closed() })[0]).to.contain("the file's name must be v<n>.avsc");
    expect(findings({ v1: { ...closed(), name: "Closed" } })[0]).to.contain("must be named");
  });

  it("finds generated files that are missing, out of date, or of no context", () => {
    const folder = schemaFolder({ "portfolio/PortfolioClosed/v1": closed(reason) });
    const generated = join(folder, "generated");
    const path = join(generated, "portfolio.ts");
    const stale = { where: path, message: 'out of date; run "schemas generate"' };
    expect(checkSchemas(folder)).to.deep.equal([stale]);
    mkdirSync(generated);
    expect(writeGeneratedFiles(folder)).to.deep.equal([path]);
    expect(checkSchemas(folder)).to.deep.equal([]);
    writeFileSync(path, "changed by hand");
    const orphan = join(generated, "risk.ts");
    writeFileSync(orphan, "");
    expect(checkSchemas(folder)).to.deep.equal([
      stale,
      { where: orphan, message: "no context has this file; delete it" },
    ]);
  });
});
