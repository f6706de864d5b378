import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { exampleInstance } from "./instance.fixture.ts";
import { checkPorts, freePorts } from "./ports.ts";
import { redis } from "./redis.ts";
import { LOOPBACK } from "./server.ts";
import { StackError } from "./stack-error.ts";

describe("the ports of servers", () => {
  it("are free, different, and below those of outgoing connections", async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).to.equal(50);
    expect(ports.every((port) => port >= 20_000 && port < 32_000)).to.equal(true);
    for (const port of ports) await checkPorts(exampleInstance(redis, { ports: { redis: port } }));
  });

  it("that are taken are told by number, with a way out", async () => {
    const [port = 0] = await freePorts(1);
    const listener = createServer().listen(port, LOOPBACK);
    await once(listener, "listening");
    let refused: unknown;
    await checkPorts(exampleInstance(redis, { ports: { redis: port } })).catch((error) => {
      refused = error;
    });
    listener.close();
    expect(refused)
      .to.be.instanceOf(StackError)
      .and.include({
        message: `port ${port} is not free`,
        todo: "end the program that has it, or: cipherhorizon stack up redis --free-ports",
      });
  });
});
