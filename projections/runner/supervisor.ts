import type { EventReader } from "../../platform/codec/codec.ts";
import { type GenerationPhase, isOver, isUnderWay } from "../../platform/generations/phase.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { LogPlace } from "../../platform/log/places.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import type { GenerationDropper } from "../stores.ts";
import { CommandSender } from "./command-sender.ts";
import { FedLags, type FedLive } from "./fed-lags.ts";
import { Feeding, type FeedingState } from "./feeding.ts";
import { type Generation, Generations } from "./generations.ts";
import { generationKey, type Minded, slowedText } from "./live-watch.ts";
import type { OperationsPort } from "./operations.ts";
import { followOperations } from "./operations-follower.ts";
import { NO_LIVE_LAG_LIMIT_MS } from "./pace.ts";
import type { ParkingOrders } from "./parking.ts";
import { reportParked } from "./parking-reports.ts";
import type { Applied } from "./partition-feeder.ts";
import type { PartitionProgress } from "./progress.ts";
import type { Projection } from "./projection.ts";
import { recordText } from "./record-text.ts";
import { positionsOf, Verifications } from "./verifications.ts";

/** Readers follow a promotion within a second; until then a generation is not dropped. */
const FOLLOWED_WITHIN_MS = 2_000;
const LOOK_INTERVAL_MS = 250;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;

type SupervisedProjection = Pick<Projection, "name" | "version" | "changes">;

export interface SupervisorParts {
  readonly stores: GenerationDropper;
  /** By which each feeding thread opens the log for itself. */
  readonly logPlace: LogPlace;
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly operations: OperationsPort;
  readonly projections: readonly SupervisedProjection[];
  /** How long the generation that was replaced last is fed on, for a rollback at once. */
  readonly graceMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
  /** After each batch that has become readable. */
  onApplied?(fed: FedGeneration, applied: Applied): void;
}

/** Which generation a batch went into. */
export interface FedGeneration {
  readonly projection: string;
  readonly generation: number;
  readonly phase: GenerationPhase;
  readonly caughtUp: boolean;
}

/** A generation as `projections list` and the metrics show it. */
export interface GenerationStatus {
  readonly projection: string;
  readonly generation: number;
  readonly version: number;
  readonly phase: GenerationPhase;
  /** `not-fed`: of another version, or of a process that does not run. */
  readonly feeding: FeedingState | "not-fed";
  /** Why it is stopped or paused; empty while all is well. */
  readonly detail: string;
  /** It has been paused for so long that whoever reads from it should know. */
  readonly isStuck: boolean;
  readonly caughtUp: boolean;
  readonly partitions: readonly PartitionProgress[];
}

/**
 * Follows the generations' lives in `operations.events`: feeds them, has them compared, promotes,
 * retires and drops them.
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #generations = new Generations();
  readonly #feedings = new Map<string, Feeding>();
  readonly #restarts = new Map<string, { attempts: number; atMs: number }>();
  readonly #dropped = new Set<string>();
  readonly #sender: CommandSender;
  readonly #verifications: Verifications;
  readonly #lags = new FedLags();
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #current = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { log, codec, operations, logger } = parts;
    this.#sender = new CommandSender(operations, (step) => {
      logger.warn(step, "a generation's next step was not taken; it is asked for again");
    });
    this.#verifications = new Verifications(this.#sender, logger);
    this.#following = followOperations({
      log,
      codec,
      signal: this.#stopping.signal,
      onEvent: (event) => this.#generations.observe(event),
      onCurrent: () => {
        this.#current = true;
        this.#look();
      },
      onTrouble: (trouble) => logger.warn(trouble ?? {}, "following operations.events"),
    });
    this.#following.catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      logger.fatal({ err: error }, "operations.events cannot be followed; generations stay as is");
    });
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
  }

  status(): readonly GenerationStatus[] {
    return this.#parts.projections.flatMap(({ name }) => {
      const shown = this.#generations.of(name).filter(({ phase }) => !isOver(phase));
      return shown.map((generation) => this.#statusOf(generation));
    });
  }

  /** Finishes the batches under way; the next start goes on from their checkpoints. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await Promise.all([...this.#feedings.values()].map((feeding) => feeding.stop()));
    await this.#following.catch(() => undefined);
    await this.#parts.stores.close();
  }

  /** Brings what runs in line with what the events say; does nothing where all is as it should. */
  #look(): void {
    if (!this.#current || this.#stopping.signal.aborted) return;
    this.#lags.look(this.#fedLives(), performance.now());
    for (const projection of this.#parts.projections) {
      const generations = this.#generations.of(projection.name);
      const isPaused = this.#generations.isPaused(projection.name);
      this.#startIfNeeded(projection, generations);
      for (const generation of generations) {
        if (isOver(generation.phase)) this.#drop(generation);
        else if (isPaused) this.#halt(generation);
        else if (generation.version === projection.version) this.#feed(generation, projection);
        this.#endIfNeeded(generation, projection.version);
      }
    }
  }

  /** The first generation, or one for newer code: never back to the version of older code. */
  #startIfNeeded({ name, version }: { name: string; version: number }, all: readonly Generation[]) {
    const alive = all.filter(({ phase }) => !isOver(phase));
    if (alive.some((generation) => generation.version >= version)) return;
    if (alive.some(({ phase }) => isUnderWay(phase))) return;
    // One that was given up would come to the same again: whoever wants that asks for it.
    if (alive.length > 0 && all.some((generation) => generation.version === version)) return;
    const reason = alive.length === 0 ? "first generation" : `projection version ${version}`;
    const command = { type: "StartGeneration", data: { version, reason } } as const;
    this.#sender.send({ projection: name, generation: all.length + 1, command });
  }

  #feed(generation: Generation, projection: SupervisedProjection): void {
    if (!this.#mayStart(generation)) return;
    const feeding = this.#feedingOf(generation);
    const { phase, projection: name, generation: number } = generation;
    const known = this.#generations.parked;
    feeding.order(this.#ordersFor(generation));
    reportParked(generation, { feeding, known, sender: this.#sender });
    feeding.mind(this.#mindedBy(generation));
    if (!isUnderWay(phase)) this.#verifications.forget(generation);
    else if (feeding.end?.reason === "too_many_parked") {
      const data = { generation: number, reason: recordText(feeding.end.detail) };
      const command = { type: "FailGeneration", data } as const;
      this.#sender.send({ projection: name, generation: number, command });
    } else if (phase === "building" && feeding.caughtUp && feeding.end === null) {
      const data = { generation: number, positions: positionsOf(feeding) };
      const command = { type: "RecordCaughtUp", data } as const;
      this.#sender.send({ projection: name, generation: number, command });
    } else if (phase === "verifying" || phase === "verified") {
      this.#promoteOrVerify(generation, { feeding, projection });
    }
  }

  /**
   * The live one that it is to replace, by whomever it is fed, and all others that this process
   * feeds: they share its cores.
   */
  #mindedBy({ phase, projection, maxLiveLagMs }: Generation): Minded | null {
    if (!isUnderWay(phase) || maxLiveLagMs >= NO_LIVE_LAG_LIMIT_MS) return null;
    const own = this.#generations.of(projection).find((one) => one.phase === "live");
    const replaced = own === undefined ? null : { projection, generation: own.generation };
    const beside = this.#fedLives()
      .filter((live) => live.projection !== projection)
      .map(({ projection: name, generation }) => {
        const live = { projection: name, generation };
        return { ...live, lagMs: Math.round(this.#lags.lagMsOf(live)) };
      });
    return { limitMs: maxLiveLagMs, replaced, beside };
  }

  /** Live ones that this process feeds. */
  #fedLives(): FedLive[] {
    return this.#parts.projections.flatMap(({ name: projection }) => {
      const live = this.#generations.of(projection).find(({ phase }) => phase === "live");
      const feeding = live && this.#feedings.get(generationKey(live));
      if (live === undefined || feeding?.state !== "feeding") return [];
      const partitions = feeding.partitions.filter(({ isFedHere }) => isFedHere);
      const { generation } = live;
      return [{ projection, generation, partitions, toldAtMs: feeding.toldAtMs }];
    });
  }

  /** A certificate is of a comparison with one generation, which may be live no more. */
  #promoteOrVerify(
    generation: Generation,
    parts: { readonly feeding: Feeding; readonly projection: SupervisedProjection },
  ): void {
    const { projection, generation: number, certificate } = generation;
    const live = this.#generations.of(projection).find(({ phase }) => phase === "live");
    if (live === undefined) return;
    if (certificate?.against !== live.generation) {
      this.#verifications.look({ ...parts, generation, live });
      return;
    }
    const { against, positions } = certificate;
    const reason = `verified against generation ${against}`;
    const data = { generation: number, rule: "verified", positions, reason } as const;
    const command = { type: "PromoteGeneration", data } as const;
    this.#sender.send({ projection, generation: number, against, command });
  }

  /** A replaced generation, and a build by older code, which this code can't go on with. */
  #endIfNeeded(one: Generation, ours: number) {
    const { projection, generation, version, phase } = one;
    if (phase === "replaced" && this.#isPastGrace(one)) {
      const command = {
        type: "RetireGeneration",
        data: { generation, reason: "replaced" },
      } as const;
      this.#sender.send({ projection, generation, command });
    }
    if (isUnderWay(phase) && version < ours) {
      const data = { generation, reason: `projection version ${ours}` };
      this.#sender.send({ projection, generation, command: { type: "CancelGeneration", data } });
    }
  }

  /** Only the one that was replaced last is kept: it is the one to go back to. */
  #isPastGrace({ projection, generation, sinceMs }: Generation): boolean {
    const { graceMs, clock } = this.#parts;
    const isSuperseded = this.#generations.of(projection).some((other) => {
      return (
        other.generation !== generation && other.phase === "replaced" && other.sinceMs >= sinceMs
      );
    });
    return clock() - sinceMs >= (isSuperseded ? Math.min(FOLLOWED_WITHIN_MS, graceMs) : graceMs);
  }

  /** Until it is resumed; what it was doing is finished. */
  #halt(generation: Generation): void {
    const key = generationKey(generation);
    const feeding = this.#feedings.get(key);
    if (feeding === undefined) return;
    void feeding.stop().then(() => {
      if (this.#feedings.get(key) === feeding) this.#feedings.delete(key);
    });
  }

  /** A thread that starts is busy for a while: beside live ones builds start one after the other. */
  #mayStart(generation: Generation): boolean {
    const replaced = this.#mindedBy(generation)?.replaced ?? null;
    if (replaced === null || this.#feedings.has(generationKey(generation))) return true;
    const feedings = [...this.#feedings.values()];
    return !feedings.some(({ job, state }) => job.isBuild && state === "starting");
  }

  /** One that has ended is shown as stopped, with its reason, until its next attempt is due. */
  #feedingOf(generation: Generation): Feeding {
    const known = this.#feedings.get(generationKey(generation));
    if (known === undefined) return this.#start(generation);
    return known.isGone && this.#isDue(generation, known) ? this.#start(generation) : known;
  }

  /** One that had parked too much goes on when something is decided about what it has parked. */
  #isDue(generation: Generation, ended: Feeding): boolean {
    const { end } = ended;
    if (end?.reason === "too_many_parked") return !ended.follows(this.#ordersFor(generation));
    const restart = this.#restarts.get(generationKey(generation));
    return end !== null && restart !== undefined && performance.now() >= restart.atMs;
  }

  #start(generation: Generation): Feeding {
    const key = generationKey(generation);
    const { stores, logPlace, logger } = this.#parts;
    const of = { projection: generation.projection, generation: generation.generation };
    const feeding: Feeding = new Feeding(
      {
        ...of,
        ...{ place: stores.place, log: logPlace, orders: this.#ordersFor(generation) },
        isBuild: this.#now(generation).phase === "building",
      },
      {
        onApplied: (applied) => {
          this.#restarts.delete(key);
          const { phase } = this.#now(generation);
          this.#parts.onApplied?.({ ...of, phase, caughtUp: feeding.caughtUp }, applied);
        },
        onCaughtUp: () => this.#look(),
        onTrouble: (partition, trouble) => {
          logger.warn({ ...of, partition, ...trouble }, "a projector waits");
        },
        onSlowed: (slowed) => logger.info({ ...of, slowed }, slowedText(slowed)),
        onCompared: (progress) => this.#verifications.onProgress(generation, progress),
        onVerification: (against, report) => {
          this.#verifications.onReport(generation, against, report);
          this.#look();
        },
        onEnded: (end) => {
          if (end.reason !== "stopped") logger.error({ ...of, ...end }, "a projector has stopped");
          if (end.reason === "fenced" || end.reason === "failed")
            this.#startAgainLater(key, feeding);
        },
      },
    );
    this.#feedings.set(key, feeding);
    return feeding;
  }

  #ordersFor({ projection, generation }: Generation): ParkingOrders {
    return this.#generations.parked.ordersFor(projection, generation);
  }

  #startAgainLater(key: string, feeding: Feeding): void {
    const attempts = (this.#restarts.get(key)?.attempts ?? 0) + 1;
    const delayMs = Math.min(FIRST_RESTART_MS * 2 ** (attempts - 1), LONGEST_RESTART_MS);
    this.#restarts.set(key, { attempts, atMs: performance.now() + delayMs });
    void feeding.stop();
  }

  #drop(generation: Generation): void {
    const key = generationKey(generation);
    if (this.#dropped.has(key)) return;
    this.#dropped.add(key);
    this.#verifications.forget(generation);
    const { stores, logger } = this.#parts;
    const { projection, generation: number } = generation;
    const stopped = this.#feedings.get(key)?.stop() ?? Promise.resolve();
    stopped
      .then(async () => {
        this.#feedings.delete(key);
        const removed = await stores.drop(projection, number);
        if (removed) logger.info({ projection, generation: number }, "a generation is dropped");
      })
      .catch((error: unknown) => {
        this.#dropped.delete(key);
        logger.warn({ err: error, projection, generation: number }, "dropping is tried again");
      });
  }

  #now(generation: Generation): Generation {
    const all = this.#generations.of(generation.projection);
    return all.find((one) => one.generation === generation.generation) ?? generation;
  }

  #statusOf(generation: Generation): GenerationStatus {
    const { projection, generation: number, version, phase } = generation;
    const feeding = this.#feedings.get(generationKey(generation));
    const isPaused = this.#generations.isPaused(projection);
    return {
      projection,
      generation: number,
      version,
      phase,
      feeding: feeding?.state ?? "not-fed",
      detail: isPaused ? "paused" : detailOf(feeding),
      isStuck: feeding?.end === null && feeding.troubles.lasting !== null,
      caughtUp: feeding?.caughtUp ?? false,
      partitions: feeding?.partitions ?? [],
    };
  }
}

function detailOf(feeding: Feeding | undefined): string {
  if (feeding === undefined) return "";
  if (feeding.end !== null) return feeding.end.detail;
  const longest = feeding.troubles.longest;
  if (longest === null) return "";
  const { partition, trouble } = longest;
  return `${[trouble.doing, partition].filter(Boolean).join(" ")}: ${trouble.error}`;
}
