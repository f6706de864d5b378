import { connect, createServer } from "node:net";
import { expect } from "chai";
import { chooseStores } from "../../cli/serve/chosen-stores.ts";
import { createLogger } from "../../platform/telemetry/logger.ts";
import { projectionNames } from "../../projections/registry.ts";
import { MongoDatabase } from "../../projections/stores/mongo/database.ts";
import { NO_SERVERS } from "../../projections/stores.ts";
import { rejection } from "../contracts/read-store/disturbances.ts";
import { freePort } from "./free-port.ts";
import { describeWithMongo, mongoUrl } from "./servers.ts";

const PASSWORD = "swordfish";

describeWithMongo("MongoDB, where something is wrong with it", function () {
  this.timeout(60_000);

  const chosenWith = (mongo: string) => {
    const servers = { ...NO_SERVERS, mongo };
    const kept = { projections: projectionNames, processManagers: [] };
    return chooseStores({ folder: "./folder", servers }, kept, createLogger("silent"));
  };

  function withLogin(): string {
    return mongoUrl().replace("mongodb://", `mongodb://somebody:${PASSWORD}@`);
  }

  it("is told with its version and place at the start, and what it holds", async () => {
    const [chosen] = await chosenWith(mongoUrl());
    expect(chosen?.store).to.match(/^MongoDB \d+\.\d+\S* at [^/@]+:\d+\/\w+$/);
    expect(chosen?.projections).to.deep.equal(["strategies"]);
  });

  it("is refused by name, without the password, where the login is wrong", async () => {
    const refused = await rejection(chosenWith(withLogin()));
    expect(refused).to.have.property("code", "STORE_REFUSED");
    expect(String(refused)).not.to.contain(PASSWORD);
  });

  it("is waited for where nobody answers, and its calls end in time", async () => {
    const nobody = `mongodb://somebody:${PASSWORD}@127.0.0.1:1/cipherhorizon`;
    const [chosen] = await chosenWith(nobody);
    expect(chosen?.store).to.equal(
      "MongoDB at 127.0.0.1:1/cipherhorizon, which does not answer yet",
    );
    const database = new MongoDatabase({ url: nobody, name: "test", connections: 1 });
    const started = performance.now();
    const away = await rejection(database.run((session) => session.collectionNames()));
    await database.close();
    expect(away).to.have.property("code", "STORE_UNAVAILABLE");
    expect(String(away)).not.to.contain(PASSWORD);
    expect(performance.now() - started).to.be.below(10_000);
  });

  it("is found when it comes after those who ask for it", async () => {
    const port = await freePort();
    const real = new URL(mongoUrl());
    const url = new URL(mongoUrl());
    url.host = `127.0.0.1:${port}`;
    const database = new MongoDatabase({ url: url.href, name: "test", connections: 1 });
    const ask = () => database.run((session) => session.collectionNames());
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await rejection(ask())).to.have.property("code", "STORE_UNAVAILABLE");
    }
    const door = createServer((socket) => {
      const inner = connect(Number(real.port), real.hostname);
      for (const one of [socket, inner]) one.on("error", () => undefined);
      socket.pipe(inner).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
    expect(await ask()).to.be.an("array");
    await database.close();
    door.close();
  });

  it("is told without the address where that is none", () => {
    const broken = () => {
      return new MongoDatabase({ url: `mongodb://a:${PASSWORD}@/`, name: "test", connections: 1 });
    };
    expect(broken).to.throw("the address of MongoDB").with.property("code", "CONFIG_INVALID");
    expect(broken).not.to.throw(PASSWORD);
  });
});
