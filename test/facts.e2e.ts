import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { projection } from "../command-side/contexts/operations/projection/index.ts";
import { withFacts } from "../command-side/facts.ts";
import type { CommandRequest } from "../command-side/gateway.ts";
import { Owners } from "../command-side/ownership/owners.ts";
import { PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import { PlatformError } from "../platform/errors/catalogue.ts";
import { disturbed, failingAppends } from "./ownership/disturbed-log.ts";
import { type OwnedLog, openOwnedLog } from "./ownership/owned-log.ts";
import { partition, start } from "./ownership/requests.ts";

/** Long enough for an answer that did not wait. */
const A_MOMENT_MILLISECONDS = 50;

/** A projection that lets others know which generation is live, as if it were a number of limits. */
const telling: typeof projection = {
  ...projection,
  fact: ({ generations, live }) =>
    generations.size === 0 ? null : { limits: live ?? 0, tradingState: "active" },
};

describe("a fact of another aggregate", () => {
  let owned: OwnedLog;

  beforeEach(async () => {
    owned = await openOwnedLog();
  });

  afterEach(() => owned.close());

  const taken = (log = owned.parts.log) => {
    return PartitionOwner.take({ ...owned.parts, log, aggregate: telling as AggregateDefinition });
  };

  it("is told with its version and the position it was true at", async () => {
    const owner = await taken();
    expect(await owner.look("a")).to.include({ value: null, version: 0 });
    await owner.submit(start("a"));
    const [end] = await owned.log.ends(partition.topic);
    const fact = await owner.look("a");
    expect(fact).to.deep.include({
      value: { limits: 1, tradingState: "active" },
      version: 2,
      partition,
    });
    expect(fact.position).to.equal(end);
    await owner.stop();
  });

  it("is not told before all that it rests on is in the log", async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const log = disturbed(owned.log, 1, async (append) => {
      await held;
      return append();
    });
    const owner = await taken(log);
    const submitted = owner.submit(start("a"));
    await sleep(A_MOMENT_MILLISECONDS);
    const fact = owner.look("a");
    const first = await Promise.race([fact, sleep(A_MOMENT_MILLISECONDS, "nothing yet")]);
    expect(first).to.equal("nothing yet");
    letGo();
    expect(await submitted).to.include({ outcome: "accepted" });
    expect(await fact).to.include({ version: 2 });
    await owner.stop();
  });

  it("is never one that did not come into the log", async () => {
    const owner = await taken(failingAppends(owned.log, 1));
    const submitted = owner.submit(start("a"));
    await sleep(0);
    const { version, position } = await owner.look("a");
    const [end] = await owned.log.ends(partition.topic);
    expect(position).to.be.at.most(end ?? 0);
    expect([0, 2]).to.include(version);
    await submitted;
    expect(await owner.look("a")).to.include({ version: 2 });
    await owner.stop();
  });

  it("cannot be told by an owner that serves nobody", async () => {
    const owner = await taken();
    await owner.stop();
    const error = await owner.look("a").catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PlatformError).with.property("code", "NOT_READY");
  });

  it("comes with the command, and fails it where nobody can tell it", async () => {
    const handed: CommandRequest[] = [];
    const gateway = {
      submit: async (request: CommandRequest) => {
        handed.push(request);
        return { outcome: "failed", code: "INTERNAL", detail: "the end of this test" } as const;
      },
    };
    const asking = {
      ...projection,
      facts: async (about, read) => ({ told: await read("instrument", about.aggregateId) }),
    } as AggregateDefinition;
    const fact = { value: null, version: 0, partition, position: 4 };
    await withFacts(gateway, [asking], async () => fact).submit(start("a"));
    expect(handed[0]?.facts).to.deep.equal({ told: fact });
    const silent = async () => {
      throw new PlatformError("NOT_READY", "nobody is there");
    };
    const outcome = await withFacts(gateway, [asking], silent).submit(start("a"));
    expect(outcome).to.include({ outcome: "failed", code: "NOT_READY" });
    expect(handed).to.have.length(1);
  });
});

describe("the view of a partition", () => {
  it("is refused where the topic has others", async () => {
    const owned = await openOwnedLog();
    const view = { initial: () => null, evolve: () => null };
    const aggregates = [{ ...projection, view } as AggregateDefinition];
    const log = Object.assign(
      disturbed(owned.log, 0, (append) => append()),
      {
        topics: async () => new Map([[partition.topic, 2]]),
      },
    );
    const error = await Owners.take({ ...owned.parts, log, aggregates }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(Error).with.property("message");
    expect((error as Error).message).to.contain("view of its partition");
    await owned.close();
  });
});
