import { PlatformError, type PlatformErrorCode } from "../../platform/errors/catalogue.ts";
import { postLines } from "../../platform/http/post-lines.ts";
import { type PartitionKey, type PartitionRef, partitionKey } from "../../platform/log/log.ts";
import { commandsForwardedTotal } from "../../platform/telemetry/metrics.ts";
import type { CommandOutcome, CommandRequest } from "../gateway.ts";
import { notOwner, overloaded } from "../ownership/owner-answers.ts";
import { packCommand, unpackOutcome } from "./packed-command.ts";

/** Where an owner takes commands of other command sides. */
export const FORWARDED_PATH = "/internal/forwarded-commands";
/** What leaves together for one partition. */
const GROUP_COMMANDS = 500;
const GROUP_BYTES = 1024 * 1024;
/** What may wait for one partition's owner; more is told to come back. */
const WAITING_COMMANDS = 10_000;
const WAITING_BYTES = 32 * 1024 * 1024;

/** A command side, as another one reaches it. */
export interface PeerAddress {
  readonly address: string;
  readonly publicKey: string;
}

/** The command sides that partitions are shared out among. */
export interface Peers {
  /** `null`: nobody owns it now, or nobody knows. */
  ownerOf(partition: PartitionRef): Promise<PeerAddress | null>;
  /** It was not what `ownerOf` said: the next question looks anew. */
  doubt(): void;
  authorizationFor(publicKey: string): string;
  /** True when the `Authorization` proves that a command side of this platform sends it. */
  isPeer(authorization: string | undefined): Promise<boolean>;
}

/**
 * Hands commands to the owners of their partitions in other processes, once. What arrives for a
 * partition while a group of commands is under way leaves as the next group, so that commands keep
 * their order.
 */
export class Forwarder {
  readonly #peers: Peers;
  readonly #routes = new Map<PartitionKey, PartitionRoute>();

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  submit(partition: PartitionRef, request: CommandRequest): Promise<CommandOutcome> {
    const key = partitionKey(partition);
    const route = this.#routes.get(key) ?? new PartitionRoute(partition, this.#peers);
    this.#routes.set(key, route);
    return route.submit(request);
  }

  /** Partitions were shared out anew: nobody waits any more for one that was their owner. */
  ownersChanged(): void {
    for (const route of this.#routes.values()) void route.ownersChanged();
  }
}

interface Passenger {
  readonly line: string;
  readonly answer: (outcome: CommandOutcome) => void;
}

interface UnderWay {
  readonly to: string;
  readonly giveUp: AbortController;
}

class PartitionRoute {
  readonly #partition: PartitionRef;
  readonly #peers: Peers;
  readonly #waiting: Passenger[] = [];
  #bytes = 0;
  #working: Promise<void> | null = null;
  #underWay: UnderWay | null = null;

  constructor(partition: PartitionRef, peers: Peers) {
    this.#partition = partition;
    this.#peers = peers;
  }

  submit(request: CommandRequest): Promise<CommandOutcome> {
    const line = packCommand(request);
    const isFull = this.#waiting.length >= WAITING_COMMANDS || this.#bytes > WAITING_BYTES;
    if (isFull) {
      return Promise.resolve(overloaded(this.#partition, `${this.#waiting.length} commands`));
    }
    return new Promise((answer) => {
      this.#waiting.push({ line, answer });
      this.#bytes += line.length;
      this.#working ??= this.#work();
    });
  }

  async ownersChanged(): Promise<void> {
    const underWay = this.#underWay;
    const owner = await this.#peers.ownerOf(this.#partition).catch(() => null);
    if (underWay === null || owner === null || owner.address === underWay.to) return;
    underWay.giveUp.abort(new Error("it owns the partition no more"));
  }

  async #work(): Promise<void> {
    // The turn of the event loop lets commands of the same burst leave together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      const outcomes = await this.#outcomesOf(group);
      for (const [index, { answer }] of group.entries()) answer(outcomes[index] as CommandOutcome);
    }
    this.#working = null;
  }

  #nextGroup(): readonly Passenger[] {
    let bytes = 0;
    let count = 0;
    for (const { line } of this.#waiting) {
      if (count > 0 && (count >= GROUP_COMMANDS || bytes + line.length > GROUP_BYTES)) break;
      bytes += line.length;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #outcomesOf(group: readonly Passenger[]): Promise<readonly CommandOutcome[]> {
    try {
      const outcomes = await this.#send(group.map(({ line }) => line));
      if (outcomes.some(isNotOwner)) this.#peers.doubt();
      return outcomes;
    } catch (error) {
      this.#peers.doubt();
      const outcome = failureOf(error as Error);
      return group.map(() => outcome);
    }
  }

  async #send(lines: readonly string[]): Promise<readonly CommandOutcome[]> {
    const owner = await this.#peers.ownerOf(this.#partition);
    if (owner === null) return lines.map(() => notOwner("nobody owns the partition yet"));
    const underWay = { to: owner.address, giveUp: new AbortController() };
    this.#underWay = underWay;
    try {
      const answered = await postLines({
        to: new URL(FORWARDED_PATH, owner.address),
        authorization: this.#peers.authorizationFor(owner.publicKey),
        lines,
        signal: underWay.giveUp.signal,
      });
      if (answered.length !== lines.length) throw cutOff(owner.address);
      commandsForwardedTotal.inc({ topic: this.#partition.topic }, lines.length);
      return answered.map((line) => unpackOutcome(JSON.parse(line)));
    } finally {
      this.#underWay = null;
    }
  }
}

export function isNotOwner(outcome: CommandOutcome): boolean {
  return outcome.outcome === "failed" && outcome.code === "NOT_OWNER";
}

function cutOff(address: string): PlatformError {
  const detail = `the command side at ${address} did not answer every command`;
  return new PlatformError("UNREACHABLE", detail);
}

/** Whoever cannot say who the owner is has carried out nothing. */
function failureOf(error: Error): CommandOutcome {
  const code: PlatformErrorCode = error instanceof PlatformError ? error.code : "NOT_OWNER";
  return { outcome: "failed", code, detail: error.message };
}
