import { expect } from "chai";
import type { CommandOutcome } from "../gateway.ts";
import { candleRevision } from "./candle-revision/projection.ts";
import type { FollowUps, PlannedCommand } from "./manager.ts";
import { Sender } from "./sender.ts";
import { TestStore } from "./store.fixture.ts";

const ACCEPTED: CommandOutcome = {
  outcome: "accepted",
  aggregateId: "a",
  version: 1,
  events: [],
  answer: null,
  partition: { topic: "t", partition: 0 },
  position: 1,
  logId: "log-1",
  repeated: false,
};
const REFUSED: CommandOutcome = { outcome: "refused", refusal: { code: "NO", detail: "no" } };
const LATER: CommandOutcome = { outcome: "failed", code: "NOT_READY", detail: "later" };

function command(aggregateId: string, commandId: string): PlannedCommand {
  const position = { topic: "t", partition: 0, position: 1 };
  const cause = { eventId: "e", correlationId: "c", position };
  return { aggregate: "any", aggregateId, type: "Do", payload: {}, commandId, cause };
}

describe("the sender of a process manager", () => {
  let test: TestStore;
  const sent: string[] = [];

  beforeEach(async () => {
    test = new TestStore(candleRevision);
    await test.create();
    sent.length = 0;
  });

  afterEach(() => test.remove());

  /** Runs until the outbox is empty. */
  async function send(
    commands: readonly PlannedCommand[],
    answer: (commandId: string) => CommandOutcome | Promise<CommandOutcome>,
    followUps: FollowUps = {},
  ): Promise<string[]> {
    const { store } = test;
    await store.freeze({ commands, settled: [] });
    const stopping = new AbortController();
    const warnings: string[] = [];
    const sender = new Sender({
      name: "test",
      store,
      planner: { plan: async () => undefined },
      followUps,
      door: {
        submit: async ({ commandId }) => {
          sent.push(commandId);
          return answer(commandId);
        },
      },
      observer: {
        onOutbox: (size) => {
          if (size === 0) stopping.abort();
        },
        onFailed: (_, code) => warnings.push(code),
      },
      signal: stopping.signal,
    });
    await sender.run();
    return warnings;
  }

  it("sends the commands of one target in order, one at a time", async () => {
    let underWay = 0;
    await send([command("a", "1"), command("a", "2"), command("a", "3")], async () => {
      underWay += 1;
      expect(underWay).to.equal(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return ACCEPTED;
    });
    expect(sent).to.deep.equal(["1", "2", "3"]);
  });

  it("lets no target wait for another", async () => {
    const order: string[] = [];
    await send([command("a", "slow"), command("b", "quick")], async (id) => {
      await new Promise((resolve) => setTimeout(resolve, id === "slow" ? 60 : 1));
      order.push(id);
      return ACCEPTED;
    });
    expect(order).to.deep.equal(["quick", "slow"]);
  });

  it("sends again what is not served now, before the next of its target", async () => {
    let refusals = 2;
    await send([command("a", "1"), command("a", "2")], () => {
      refusals -= 1;
      return refusals >= 0 ? LATER : ACCEPTED;
    });
    expect(sent).to.deep.equal(["1", "1", "1", "2"]);
  });

  it("sends again what got no answer", async () => {
    let failures = 1;
    await send([command("a", "1")], () => {
      failures -= 1;
      if (failures >= 0) throw new Error("the connection is lost");
      return ACCEPTED;
    });
    expect(sent).to.deep.equal(["1", "1"]);
  });

  it("turns a refusal into its follow-up, at the end of the outbox", async () => {
    const onRefused = () => [command("b", "instead")];
    const answer = (id: string) => (id === "1" ? REFUSED : ACCEPTED);
    await send([command("a", "1"), command("a", "2")], answer, { onRefused });
    expect(sent).to.have.members(["1", "2", "instead"]);
  });

  it("turns an acceptance into its follow-up", async () => {
    const onAccepted = ({ commandId }: PlannedCommand) =>
      commandId === "1" ? [command("a", "then")] : [];
    await send([command("a", "1")], () => ACCEPTED, { onAccepted });
    expect(sent).to.deep.equal(["1", "then"]);
  });

  it("tells of a command that can never succeed, and goes on", async () => {
    const failed = { outcome: "failed", code: "COMMAND_ID_REUSED", detail: "other" } as const;
    const answer = (id: string) => (id === "1" ? failed : ACCEPTED);
    expect(await send([command("a", "1"), command("a", "2")], answer)).to.deep.equal([
      "COMMAND_ID_REUSED",
    ]);
    expect(sent).to.deep.equal(["1", "2"]);
  });
});
