import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BroadcastChannel } from "node:worker_threads";
import { appendedChannel } from "./tables.ts";

/** How often a change by another process is looked for. */
const LOOK_EVERY_MILLISECONDS = 25;

/** Under load listeners are told no more often: each time they look at all their partitions. */
const QUIET_MILLISECONDS = 20;

/**
 * Tells listeners that the file has changed. The writer of this process sends a message; what
 * another process wrote shows in SQLite's data version, which is looked at by a timer while there
 * are listeners. Both lead to the same look, so that one change is told once.
 *
 * Like a server's socket, a subscription keeps its process running until it is ended.
 */
export class AppendWatch {
  readonly #folder: string;
  readonly #selectVersion: StatementSync;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #seenVersion = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #channel: BroadcastChannel | null = null;

  constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder;
    this.#selectVersion = database.prepare("PRAGMA data_version");
  }

  subscribe(listener: () => void): () => void {
    const subscription = { call: listener };
    this.#listeners.add(subscription);
    if (this.#timer === null) this.#start();
    return () => {
      this.#listeners.delete(subscription);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #start(): void {
    this.#seenVersion = this.#version();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MILLISECONDS);
    this.#channel = new BroadcastChannel(appendedChannel(this.#folder));
    this.#channel.onmessage = () => this.#hear();
    this.#channel.unref();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#channel?.close();
    this.#timer = null;
    this.#channel = null;
  }

  /** What comes soon after the last time is found by the timer. */
  #hear(): void {
    if (performance.now() - this.#toldAtMs >= QUIET_MILLISECONDS) this.#look();
  }

  #look(): void {
    const version = this.#version();
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#toldAtMs = performance.now();
    for (const { call } of [...this.#listeners]) call();
  }

  #version(): number {
    return this.#selectVersion.get()?.data_version as number;
  }
}
