import { setTimeout as sleep } from "node:timers/promises";
import type { CommandSide } from "../../command-side/main.ts";
import type { Config } from "../../platform/config/config.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Diversion } from "../../platform/http/app.ts";
import { forward, wasForwarded } from "../../platform/http/forward.ts";
import { KafkaLeadership } from "../../platform/log/kafka/leadership.ts";
import type { KafkaPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { processManagersPart } from "./process-managers.ts";
import type { StartedPart } from "./started-part.ts";

/** Of one partition, so that one of its consumers leads. */
const ELECTION_TOPIC = "operations.events";
const ELECTION_GROUP = "command-side";
const STOP_MILLISECONDS = 10_000;
const BEGIN_AGAIN_MILLISECONDS = 1_000;
const SETTLED_WITHIN_MILLISECONDS = 15_000;
const LOOK_EVERY_MILLISECONDS = 50;

export interface LedParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly commandSide: CommandSide;
  readonly kafka: KafkaPlace;
}

/**
 * One of several command sides on the same Kafka: the leading one owns every partition and runs the
 * process managers; the others follow the log and hand requests on to it, until it is gone.
 */
export class LedCommandSide implements StartedPart {
  readonly #parts: LedParts;
  #leadership: KafkaLeadership | null = null;
  #managers: StartedPart | null = null;
  #begun = false;
  #trouble: string | null = null;
  #turn: Promise<void> = Promise.resolve();
  #isTurning = false;

  constructor(parts: LedParts) {
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
      { name: "leadership", check: () => this.#whatIsWrong() },
      { name: "process managers", check: managers },
    ];
  }

  async updateMetrics(): Promise<void> {
    this.#parts.commandSide.updateMetrics();
    await this.#managers?.updateMetrics?.();
  }

  readonly beforeDrain = [];

  /** The group is left last: who leads next finds everything settled. */
  get afterDrain() {
    const name = "hand the partitions over";
    return [{ name, timeoutMs: STOP_MILLISECONDS, run: () => this.#stop() }];
  }

  /**
   * Resolves when commands are taken, here or by who leads, or when that takes too long: readiness
   * says what is wrong then. `address`: where the other command sides reach this one.
   */
  async join(address: string): Promise<void> {
    const { kafka, logger, commandSide } = this.#parts;
    commandSide.follow();
    this.#leadership = new KafkaLeadership({
      settings: kafka.settings,
      group: ELECTION_GROUP,
      topic: ELECTION_TOPIC,
      address,
      logger,
      onDecided: (leads) => this.#decided(leads),
    });
    await this.#leadership.join();
    const deadline = performance.now() + SETTLED_WITHIN_MILLISECONDS;
    while ((await this.#whatIsWrong()) !== null && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }

  /** Commands go to who leads; what was forwarded here by mistake is sent again by its client. */
  readonly divert: Diversion = async (route, request, response) => {
    if (this.#begun || !this.routes.includes(route)) return false;
    const leader = this.#leadership?.leads === true ? null : await this.#leadership?.leader();
    if (!leader || wasForwarded(request)) {
      throw new PlatformError("NOT_OWNER", "no command side leads yet; send it again");
    }
    try {
      await forward(request, response, leader);
    } catch (error) {
      this.#leadership?.doubtLeader();
      throw error;
    }
    return true;
  };

  #decided(leads: boolean): void {
    const isAsItShouldBe = leads === this.#begun && !this.#parts.commandSide.hasYielded();
    if (isAsItShouldBe || this.#isTurning) return;
    this.#isTurning = true;
    this.#turn = this.#turnAround().finally(() => {
      this.#isTurning = false;
    });
  }

  /** What is decided meanwhile is followed, too. */
  async #turnAround(): Promise<void> {
    do {
      await this.#letGo();
      await this.#lead();
    } while (this.#leadership !== null && this.#leadership.leads !== this.#begun);
  }

  /** What fails is tried again for as long as this process is the one to lead. */
  async #lead(): Promise<void> {
    const { config, logger, commandSide } = this.#parts;
    while (this.#leadership?.leads === true && !this.#begun) {
      try {
        const startedMs = performance.now();
        await commandSide.begin();
        this.#begun = true;
        this.#trouble = null;
        const gateway = commandSide.gateway;
        this.#managers = await processManagersPart({ config, logger, gateway });
        const tookMs = Math.round(performance.now() - startedMs);
        logger.info({ tookMs }, "this command side leads");
      } catch (error) {
        this.#trouble = (error as Error).message;
        logger.error({ error: this.#trouble }, "the partitions cannot be taken; trying again");
        await commandSide.end();
        await sleep(BEGIN_AGAIN_MILLISECONDS);
      }
    }
  }

  async #letGo(): Promise<void> {
    if (!this.#begun) return;
    this.#begun = false;
    for (const { run } of this.#managers?.afterDrain ?? []) await run();
    this.#managers = null;
    await this.#parts.commandSide.end();
    this.#parts.logger.info("this command side has let go of its partitions");
    if (this.#leadership !== null) this.#parts.commandSide.follow();
  }

  async #stop(): Promise<void> {
    const leadership = this.#leadership;
    this.#leadership = null;
    await this.#turn;
    await this.#letGo();
    await this.#parts.commandSide.stop();
    await leadership?.leave();
  }

  async #whatIsWrong(): Promise<string | null> {
    if (this.#begun) return null;
    if (this.#trouble !== null) return this.#trouble;
    if (this.#leadership === null) return "not in the group yet";
    if (this.#leadership.leads) return "taking the partitions";
    return (await this.#leadership.leader()) === null ? "no command side leads" : null;
  }
}
