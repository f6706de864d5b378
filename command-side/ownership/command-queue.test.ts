import { expect } from "chai";
import type { Waiting } from "./batch.ts";
import { CommandQueue } from "./command-queue.ts";

const MEBIBYTE = 1024 * 1024;

describe("the queue of an owner's commands", () => {
  it("takes up to 10,000 commands", () => {
    const queue = new CommandQueue();
    for (let i = 0; i < 10_000; i += 1) {
      expect(queue.limitBefore(1)).to.equal(null);
      queue.add(waiting(1));
    }
    expect(queue.limitBefore(1)).to.equal("10000 commands");
    queue.takeFirst();
    expect(queue.limitBefore(1)).to.equal(null);
  });

  it("takes up to 32 MiB of commands, however they come and go", () => {
    const queue = new CommandQueue();
    for (let i = 0; i < 32; i += 1) queue.add(waiting(MEBIBYTE));
    expect(queue.limitBefore(1)).to.equal("33554432 of 33554432 bytes of commands");
    const taken = queue.takeFirst() as Waiting;
    expect(queue.limitBefore(MEBIBYTE)).to.equal(null);
    expect(queue.limitBefore(MEBIBYTE + 1)).to.contain("bytes");
    queue.putBack([taken]);
    expect(queue.limitBefore(1)).to.contain("bytes");
    expect(queue.takeFirst()).to.equal(taken);
    expect(queue.takeAll()).to.have.lengthOf(31);
    expect(queue.limitBefore(32 * MEBIBYTE)).to.equal(null);
    expect(queue.takeFirst()).to.equal(null);
  });

  it("takes one command of any size, for it would never fit otherwise", () => {
    const queue = new CommandQueue();
    expect(queue.limitBefore(100 * MEBIBYTE)).to.equal(null);
    queue.add(waiting(100 * MEBIBYTE));
    expect(queue.limitBefore(1)).to.contain("bytes");
  });
});

function waiting(bytes: number): Waiting {
  return { bytes, hash: "", answer: () => {} } as unknown as Waiting;
}
