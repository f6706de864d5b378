import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { topics } from "../../kafka-topics/topics.ts";
import { openCodec } from "../../platform/codec/codec.ts";
import { HttpRegistry } from "../../platform/codec/http-registry.ts";
import type { RecordSchema } from "../../platform/codec/schema-files.ts";
import { describeRegistry } from "../contracts/registry/registry-contract.ts";
import { describeWithServers, serverAddress } from "./servers.ts";

const registryUrl = () => serverAddress("CH_SCHEMA_REGISTRY_URL");

describeWithServers("the registry server", ["CH_SCHEMA_REGISTRY_URL"], () => {
  describeRegistry("http", async () => {
    const subjectPrefix = `test-${randomUUID()}.`;
    const open = async () => new HttpRegistry({ url: registryUrl(), subjectPrefix });
    return { open, remove: async () => undefined };
  });

  it("takes every version of every schema ever released, each subject at once", async () => {
    const subjectPrefix = `test-${randomUUID()}.`;
    const registry = new HttpRegistry({ url: registryUrl(), subjectPrefix });
    await openCodec({ registry, topics });
    const subjects = await registry.subjects();
    expect(subjects).to.include("risk.events-cipherhorizon.risk.RiskLimitSet");
    const versions = await registry.versions("risk.events-cipherhorizon.risk.RiskLimitSet");
    expect(versions.map(({ version }) => version)).to.deep.equal([1, 2]);
    await openCodec({ registry, topics });
    expect(await registry.subjects()).to.deep.equal(subjects);
  });

  it("refuses by itself what does not fit, whoever sends it", async () => {
    const subjectPrefix = `test-${randomUUID()}.`;
    const registry = new HttpRegistry({ url: registryUrl(), subjectPrefix });
    const schema: RecordSchema = { type: "record", name: "Opened", namespace: "n", fields: [] };
    await registry.register("t-n.Opened", schema);
    const field = { name: "by", type: "string" };
    const wrong = JSON.stringify({ ...schema, fields: [field] });
    const path = `/subjects/${encodeURIComponent(`${subjectPrefix}t-n.Opened`)}/versions`;
    const response = await fetch(`${registryUrl()}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: wrong }),
    });
    expect(response.status).to.equal(409);
    expect(await registry.versions("t-n.Opened")).to.have.length(1);
  });

  it("names where it looked when nobody answers", async () => {
    const registry = new HttpRegistry({ url: "http://u:hidden@127.0.0.1:9", subjectPrefix: "" });
    const refused = await registry.subjects().then(String, String);
    expect(refused).to.include("http://127.0.0.1:9").and.not.include("hidden");
  });
});
