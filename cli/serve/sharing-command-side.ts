import { setTimeout as sleep } from "node:timers/promises";
import type { CommandGateway } from "../../command-side/gateway.ts";
import type { CommandSide } from "../../command-side/main.ts";
import { notOwner } from "../../command-side/ownership/owner-answers.ts";
import type { Config } from "../../platform/config/config.ts";
import { partitionKey } from "../../platform/log/log.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import type { KafkaPeers } from "./kafka-peers.ts";
import { type ProcessManagersPart, processManagersPart } from "./process-managers.ts";
import type { StartedPart } from "./started-part.ts";

/** Whose owner runs the process managers too, so that they run once. */
const MANAGERS_WITH = partitionKey({ topic: "operations.events", partition: 0 });
const STOP_MILLISECONDS = 10_000;
const HAND_OVER_MILLISECONDS = 3_000;
const SETTLE_AGAIN_MILLISECONDS = 1_000;
const SETTLED_WITHIN_MILLISECONDS = 15_000;
const LOOK_EVERY_MILLISECONDS = 50;

export interface SharingParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly commandSide: CommandSide;
  readonly peers: KafkaPeers;
}

/**
 * One of several command sides on the same Kafka. It owns the partitions that the group gives it,
 * follows the others, and hands their commands on to their owners.
 */
export class SharingCommandSide implements StartedPart {
  readonly #parts: SharingParts;
  #managers: ProcessManagersPart | null = null;
  #phase: "not in the group yet" | "sharing" | "leaving" = "not in the group yet";
  #trouble: string | null = null;
  #settling: Promise<void> | null = null;
  /** What the group has said has changed since it was last settled. */
  #isDue = false;
  /** It has left, and nobody else was there. */
  #isLast = false;

  constructor(parts: SharingParts) {
    this.#parts = parts;
  }

  get routes() {
    return this.#parts.commandSide.routes;
  }

  get checks() {
    const managers = async () => {
      for (const { name, check } of this.#managers?.checks ?? []) {
        const reason = await check();
        if (reason !== null) return `${name}: ${reason}`;
      }
      return null;
    };
    return [
      ...this.#parts.commandSide.checks,
      { name: "partitions", check: () => this.#whatIsWrong() },
      { name: "process managers", check: managers },
    ];
  }

  /** Health asks for it alone, without this object. */
  readonly updateMetrics = async (): Promise<void> => {
    this.#parts.commandSide.updateMetrics();
    await this.#managers?.updateMetrics?.();
  };

  /** While requests are still answered here: what comes in is handed on to the new owners. */
  get beforeDrain() {
    const name = "hand the partitions over";
    return [{ name, timeoutMs: STOP_MILLISECONDS, run: () => this.#handOver() }];
  }

  get afterDrain() {
    const name = "finish the group commits";
    return [{ name, timeoutMs: STOP_MILLISECONDS, run: () => this.#stop() }];
  }

  /**
   * Resolves when every partition has an owner, here or elsewhere, or when that takes too long:
   * readiness says what is wrong then. `address`: where the other command sides reach this one.
   * What there is is folded before joining, for a partition's owner serves until it is claimed; and
   * what no snapshot of this version of the code has is written, so that it is folded only once.
   */
  async join(address: string): Promise<void> {
    const { peers, commandSide } = this.#parts;
    await this.#untilDone("the log is not folded", () => commandSide.follow());
    await commandSide.writeSnapshots();
    if (this.#phase === "leaving") return;
    this.#phase = "sharing";
    const onShared = () => this.#shared();
    await this.#untilDone("not in the group", () => peers.join({ address, onShared }));
    const deadline = performance.now() + SETTLED_WITHIN_MILLISECONDS;
    while ((await this.#whatIsWrong()) !== null && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }

  /** A log that does not answer now is asked again: readiness says meanwhile what is wrong. */
  async #untilDone(meanwhile: string, work: () => Promise<void>): Promise<void> {
    while (this.#phase !== "leaving") {
      try {
        await work();
        this.#trouble = null;
        return;
      } catch (error) {
        this.#trouble = `${meanwhile}: ${(error as Error).message}`;
        this.#parts.logger.warn({ error: (error as Error).message }, `${meanwhile}; trying again`);
        await sleep(SETTLE_AGAIN_MILLISECONDS);
      }
    }
  }

  /** Told after every joining and every heartbeat, it finds out what there is to do. */
  #shared(): void {
    this.#isDue = true;
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = null;
    });
  }

  /** What is shared out meanwhile is settled, too; what fails is tried again. */
  async #settle(): Promise<void> {
    const { commandSide, peers, logger } = this.#parts;
    while (this.#isDue && this.#phase === "sharing") {
      this.#isDue = false;
      commandSide.ownersChanged();
      try {
        if (!this.#runsManagers) await this.#stopManagers();
        await commandSide.own((partition) => peers.isMine(partition));
        if (this.#runsManagers) await this.#startManagers();
        this.#trouble = null;
      } catch (error) {
        this.#trouble = (error as Error).message;
        logger.error({ error: this.#trouble }, "not all partitions can be taken; trying again");
        await sleep(SETTLE_AGAIN_MILLISECONDS);
        this.#isDue = true;
      }
    }
  }

  get #runsManagers(): boolean {
    return this.#phase === "sharing" && this.#parts.peers.isMine(MANAGERS_WITH);
  }

  async #startManagers(): Promise<void> {
    const { config, logger } = this.#parts;
    // They may have been given away and back between two looks at the group.
    if (this.#managers?.wereFenced()) await this.#stopManagers();
    this.#managers ??= await processManagersPart({ config, logger, gateway: this.#managersDoor });
  }

  /** Managers that were given to another process, which this one learns later, send nothing. */
  readonly #managersDoor: CommandGateway = {
    submit: async (request) => {
      if (!this.#runsManagers) return notOwner("the process managers run elsewhere");
      return this.#parts.commandSide.gateway.submit(request);
    },
  };

  async #stopManagers(): Promise<void> {
    for (const { run } of this.#managers?.afterDrain ?? []) await run();
    this.#managers = null;
  }

  /**
   * It serves until the others have been given its partitions. From then on it hands commands on,
   * and they wait at their owners until these have claimed.
   */
  async #handOver(): Promise<void> {
    const { commandSide, peers, logger } = this.#parts;
    this.#phase = "leaving";
    await this.#settling;
    await this.#stopManagers();
    await peers.leave();
    const deadline = performance.now() + HAND_OVER_MILLISECONDS;
    while ((await this.#isSharedOut()) === false && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
    await commandSide.own(() => false);
    logger.info("this command side has handed its partitions over");
  }

  /** To others; and where there are none, there is nobody to wait for. */
  async #isSharedOut(): Promise<boolean> {
    this.#parts.peers.doubt();
    const view = await this.#parts.peers.view().catch(() => null);
    this.#isLast = view?.members.length === 0;
    return view !== null;
  }

  async #stop(): Promise<void> {
    await this.#settling;
    await this.#parts.commandSide.stop(this.#isLast ? undefined : "others go on");
    await this.#parts.peers.leave();
  }

  async #whatIsWrong(): Promise<string | null> {
    if (this.#trouble !== null) return this.#trouble;
    if (this.#phase !== "sharing") return this.#phase;
    if (this.#settling !== null) return "taking partitions";
    const view = await this.#parts.peers.view().catch(() => null);
    if (view === null) return "partitions are being shared out";
    return view.owners.size === 0 ? "no partition has an owner" : null;
  }
}
