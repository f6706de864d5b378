import { expect } from "chai";
import type { AggregateDefinition } from "../command-side/aggregate.ts";
import { projection } from "../command-side/contexts/operations/projection/index.ts";
import { forwardedRoute } from "../command-side/forwarding/forwarded-route.ts";
import { FORWARDED_PATH, Forwarder, type Peers } from "../command-side/forwarding/forwarder.ts";
import { packCommand } from "../command-side/forwarding/packed-command.ts";
import { sharedGateway } from "../command-side/forwarding/shared-gateway.ts";
import type { CommandGateway } from "../command-side/gateway.ts";
import { Owners } from "../command-side/ownership/owners.ts";
import { PeerKeys } from "../platform/access/peer-keys.ts";
import { platformErrors } from "../platform/errors/catalogue.ts";
import { createApp } from "../platform/http/app.ts";
import { OPEN_DOOR } from "../platform/http/door.ts";
import { listen, type RunningServer } from "../platform/http/server.ts";
import type { Log } from "../platform/log/log.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import { silent } from "./ownership/disturbed-log.ts";
import { type OwnedLog, openOwnedLog } from "./ownership/owned-log.ts";
import { accepted, claimCount, eventCount, start } from "./ownership/requests.ts";

const MANY = 700;

/** A projection that lets others know which generation is live, as if it were a number of limits. */
const telling = {
  ...projection,
  fact: ({ generations, live }) =>
    generations.size === 0 ? null : { limits: live ?? 0, tradingState: "active" },
} satisfies typeof projection as AggregateDefinition;

/** A command side without the rest of the process: what it owns, and its door for the others. */
class Side {
  readonly keys = new PeerKeys();
  readonly owners: Owners;
  readonly gateway: CommandGateway;
  other: Side | null = null;
  url = "";
  #server: RunningServer | null = null;

  private constructor(owners: Owners) {
    this.owners = owners;
    const forwarder = new Forwarder(this.#peers);
    this.gateway = sharedGateway({ owners, local: owners, forwarder });
  }

  static async open({ parts }: OwnedLog, owner: string, log: Log = parts.log): Promise<Side> {
    const owners = await Owners.open({ ...parts, log, owner, aggregates: [telling] });
    const side = new Side(owners);
    owners.follow();
    const routes = [forwardedRoute({ local: owners, peers: side.#peers })];
    const logger = createLogger("silent");
    const app = createApp({ routes, catalogue: platformErrors, door: OPEN_DOOR, logger });
    side.#server = await listen(app, { host: "127.0.0.1", port: 0, door: OPEN_DOOR });
    side.url = side.#server.url;
    return side;
  }

  async close(): Promise<void> {
    await this.#server?.close(1_000);
    await this.owners.end();
  }

  get #peers(): Peers {
    return {
      ownerOf: async () => {
        return this.other && { address: this.other.url, publicKey: this.other.keys.publicKey };
      },
      doubt: () => undefined,
      authorizationFor: (publicKey) => this.keys.authorizationFor(publicKey),
      isPeer: async (sent) => this.keys.senderOf(sent) === this.other?.keys.publicKey,
    };
  }
}

describe("two command sides that share partitions", () => {
  let owned: OwnedLog;
  let here: Side;
  let there: Side;

  beforeEach(async () => {
    owned = await openOwnedLog();
    here = await Side.open(owned, "here");
    there = await Side.open(owned, "there");
    here.other = there;
    there.other = here;
    await there.owners.own(() => true);
  });

  afterEach(async () => {
    await Promise.all([here.close(), there.close()]);
    await owned.close();
  });

  it("decide a command where its partition is owned, and once", async () => {
    const command = start("a");
    const outcome = accepted(await here.gateway.submit(command));
    expect(outcome).to.include({ aggregateId: "a", version: 2, repeated: false });
    const again = accepted(await there.gateway.submit(command));
    expect(again).to.deep.include({ events: outcome.events, repeated: true });
    expect(await eventCount(owned.log)).to.equal(2);
  });

  it("keep the order of commands, however many there are", async () => {
    const commands = Array.from({ length: MANY }, (_, index) => start(`p-${index}`));
    const outcomes = await Promise.all(commands.map((one) => here.gateway.submit(one)));
    const positions = outcomes.map((one) => accepted(one).position);
    expect(positions).to.deep.equal(positions.toSorted((a, b) => a - b));
  });

  it("know of each other's aggregates what was acknowledged before the question", async () => {
    const unheard = await Side.open(owned, "unheard", silent(owned.log));
    try {
      for (const id of ["a", "b", "c"]) {
        for (const side of [here, unheard]) {
          expect(await side.owners.fact("projection" as never, id)).to.include({ value: null });
        }
        const { position } = accepted(await here.gateway.submit(start(id)));
        for (const side of [unheard, here]) {
          const fact = await side.owners.fact("projection" as never, id);
          const value = { limits: 1, tradingState: "active" };
          expect(fact).to.deep.include({ value, version: 2 });
          expect(fact.position).to.be.at.least(position);
        }
      }
    } finally {
      await unheard.close();
    }
  });

  it("hand a partition over without refusing a command", async () => {
    await here.gateway.submit(start("before"));
    const taking = here.owners.own(() => true);
    const during = Promise.all(["a", "b", "c"].map((id) => there.gateway.submit(start(id))));
    const released = there.owners.own(() => false);
    const waiting = here.gateway.submit(start("d"));
    await Promise.all([taking, released]);
    for (const outcome of [...(await during), await waiting]) accepted(outcome);
    accepted(await there.gateway.submit(start("e")));
    expect(here.owners.owners().length + there.owners.owners().length).to.equal(1);
    expect(await eventCount(owned.log)).to.equal(12);
    expect(await claimCount(owned.log)).to.equal(2);
  });

  it("hand on what the former owner finds that it may not decide any more", async () => {
    await there.gateway.submit(start("a"));
    // Claimed by the other while this one believes that it is still the owner.
    await here.owners.own(() => true);
    const outcomes = await Promise.all([
      there.gateway.submit(start("b")),
      there.gateway.submit({ ...start("a"), expectedVersion: 1 }),
    ]);
    expect(outcomes[0]).to.include({ outcome: "accepted" });
    expect(outcomes[1]).to.include({ outcome: "failed", code: "VERSION_CONFLICT" });
    const stale = await there.owners.fact("projection" as never, "b").catch((error) => error);
    expect(stale).to.have.property("code", "NOT_READY");
  });

  it("let nobody in but each other", async () => {
    const stranger = new PeerKeys();
    const strangers = stranger.authorizationFor(there.keys.publicKey);
    const [, proof = ""] = strangers.split(".");
    const real = here.keys.authorizationFor(there.keys.publicKey);
    const refused = {
      "no key": null,
      "a key of the API": "Bearer chk_x",
      "a stranger's own": strangers,
      "a stranger's under a peer's name": `Peer ${here.keys.publicKey}.${proof}`,
      "a peer's, cut short": real.slice(0, -1),
      "a peer's for another": here.keys.authorizationFor(stranger.publicKey),
      "what it sends itself": there.keys.authorizationFor(here.keys.publicKey),
    };
    for (const [whose, authorization] of Object.entries(refused)) {
      expect(await knock(there, authorization), whose).to.equal(401);
    }
    expect(await eventCount(owned.log)).to.equal(0);
    expect(await knock(there, real)).to.equal(200);
    expect(await eventCount(owned.log)).to.equal(2);
  });
});

/** What a command side answers to who hands a command on with this proof. */
async function knock(side: Side, authorization: string | null): Promise<number> {
  const proof = authorization === null ? {} : { Authorization: authorization };
  const headers = { "Content-Type": "application/x-ndjson", ...proof };
  const body = `${packCommand(start("a"))}\n`;
  const answer = await fetch(side.url + FORWARDED_PATH, { method: "POST", headers, body });
  await answer.text();
  return answer.status;
}
