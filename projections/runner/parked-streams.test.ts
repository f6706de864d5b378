import { expect } from "chai";
import type { OperationsEvent } from "../../schemas/generated/operations.ts";
import { CommandSender } from "./command-sender.ts";
import { type Generation, Generations } from "./generations.ts";
import type { OperationsRequest } from "./operations.ts";
import { reportParked } from "./parking-reports.ts";
import type { ParkedNow, PartitionProgress } from "./progress.ts";

const PROJECTION = "portfolios";
const partition = "portfolio.events/0";
const place = { generation: 1, partition, stream: "p-1" };
const PARKED = { ...place, position: 7, sequence: 3, reason: "no such column", releases: 0 };
const NOW: ParkedNow = {
  ...{ stream: "p-1", position: 7, sequence: 3, reason: "no such column" },
  orderInVain: null,
};

type Data<T extends OperationsEvent["type"]> = Extract<OperationsEvent, { type: T }>["data"];

/** Generations that have followed what was recorded, event by event. */
class Followed {
  readonly generations = new Generations();
  readonly sent: OperationsRequest["command"][] = [];
  readonly #sender = new CommandSender(
    {
      submit: async ({ command }) => {
        this.sent.push(command);
        return { outcome: "accepted" };
      },
    },
    () => undefined,
  );
  #position = 0;

  add<T extends OperationsEvent["type"]>(type: T, data: Data<T>): this {
    this.#position += 1;
    const event = { type, data, occurredAtMs: 0 } as OperationsEvent;
    const origin = { aggregateId: PROJECTION, actor: "anna", recordedAtMs: this.#position * 1_000 };
    this.generations.observe({ ...ENVELOPE, ...origin, position: this.#position, event });
    return this;
  }

  get parked() {
    return this.generations.parked.of(PROJECTION, 1);
  }

  get orders() {
    return this.generations.parked.ordersFor(PROJECTION, 1);
  }

  /** What a projector that finds this in its store records. */
  report(parked: readonly ParkedNow[], more: Partial<PartitionProgress> = {}) {
    const [generation] = this.generations.of(PROJECTION);
    const partitions = [{ ...PROGRESS, parked, ...more }];
    reportParked(generation as Generation, {
      feeding: { partitions, end: null },
      known: this.generations.parked,
      sender: this.#sender,
    });
    return this.sent.splice(0);
  }
}

const ENVELOPE = {
  ...{ eventId: "", sequence: 1, epoch: 0, commandId: "", commandIndex: 0, commandEvents: 1 },
  ...{ commandHash: "", correlationId: "", causationId: null, causationPosition: null },
  ...{ traceparent: null, topic: "operations.events", partition: 0 },
};

const PROGRESS: PartitionProgress = {
  ...{ partition, position: 40, end: 40, events: 0, voidEvents: 0, recordedAtMs: 0, parked: [] },
  ...{ isParkedKnown: true, isFedHere: true, caughtUp: true },
};

function followed(): Followed {
  return new Followed().add("GenerationStarted", {
    generation: 1,
    version: 1,
    reason: "first",
    maxLiveLagMs: null,
  });
}

describe("what is on record of parked streams", () => {
  it("is folded from operations.events, with its history, until it is through", () => {
    const all = followed().add("StreamParked", PARKED);
    expect(all.parked[0]).to.include({ position: 7, sinceMs: 2_000, isReleasing: false });
    expect(all.orders.releases).to.deep.equal([]);
    all.add("StreamReleaseRequested", { ...place, position: 7, releases: 1, reason: "mended" });
    expect(all.orders.releases).to.deep.equal([{ partition, stream: "p-1", order: 1 }]);
    all.add("StreamParked", { ...PARKED, position: 9, releases: 1 });
    expect(all.parked[0]).to.include({ position: 9, sinceMs: 2_000, releases: 1 });
    expect(all.orders.releases).to.deep.equal([]);
    const steps = all.parked[0]?.history.map(({ what, position }) => [what, position]);
    expect(steps).to.deep.equal([
      ["parked", 7],
      ["release-requested", 7],
      ["parked", 9],
    ]);
    all.add("StreamReleased", { ...place, releases: 1, through: 40 });
    expect(all.parked).to.deep.equal([]);
  });

  it("orders a release in every generation where an event is discarded, and keeps that", () => {
    const discard = { ...place, position: 7, sequence: 3, fault: "no such column", reason: "test" };
    const all = followed().add("StreamParked", PARKED).add("ParkedEventDiscarded", discard);
    expect(all.orders.releases).to.deep.equal([{ partition, stream: "p-1", order: 1 }]);
    expect([...all.orders.discarded]).to.deep.equal([[partition, [7]]]);
    all.add("GenerationRetired", { generation: 1, reason: "test" });
    expect(all.parked).to.deep.equal([]);
    expect(all.generations.parked.discardedOf(PROJECTION)).to.have.length(1);
  });

  it("is told by who feeds the partition, and by nobody who has only heard of it", () => {
    const { releases: _, ...facts } = PARKED;
    const record = { type: "RecordParkedStream", data: { ...facts, releases: 0 } };
    expect(followed().report([NOW])).to.deep.equal([record]);
    expect(followed().report([NOW], { isParkedKnown: false })).to.deep.equal([]);
    expect(followed().add("StreamParked", PARKED).report([NOW])).to.deep.equal([]);
  });

  it("is told to be through where the store has it parked no more", () => {
    const all = followed().add("StreamParked", PARKED);
    all.add("StreamReleaseRequested", { ...place, position: 7, releases: 1, reason: "mended" });
    const data = { ...place, releases: 1, through: 40 };
    expect(all.report([])).to.deep.equal([{ type: "RecordReleasedStream", data }]);
  });

  it("waits while it is released, and tells what came of that order alone", () => {
    const all = followed().add("StreamParked", PARKED);
    all.add("StreamReleaseRequested", { ...place, position: 7, releases: 1, reason: "mended" });
    const moved = { ...NOW, position: 20 };
    expect(all.report([moved])).to.deep.equal([]);
    const [sent] = all.report([{ ...moved, orderInVain: 1 }]);
    expect(sent?.data).to.include({ position: 20, releases: 1 });
    all.add("StreamParked", { ...PARKED, position: 20, releases: 1 });
    all.add("StreamReleaseRequested", { ...place, position: 20, releases: 2, reason: "mended" });
    expect(all.report([{ ...moved, orderInVain: 1 }])).to.deep.equal([]);
  });

  it("leaves out what is given up: it goes on by itself", () => {
    const discard = { ...place, position: 7, sequence: 3, fault: "no such column", reason: "test" };
    expect(followed().add("ParkedEventDiscarded", discard).report([NOW])).to.deep.equal([]);
  });
});
