import { once } from "node:events";
import type { Response } from "express";

/** Comments that keep proxies from closing a quiet stream. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** A client that takes nothing for so long makes room for another. */
const STALL_TIMEOUT_MILLISECONDS = 60_000;

export interface ServerSentEvent {
  /** What `Last-Event-ID` brings back. */
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Writes events to the response until the client leaves. It waits while the socket is full, so a
 * slow client holds back its own source and nothing piles up.
 */
export async function sendServerSentEvents(
  response: Response,
  source: AsyncIterable<ServerSentEvent>,
  signal: AbortSignal,
): Promise<void> {
  response.status(200).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  // A client that asks for the head alone takes that for the whole.
  if (response.req.method === "HEAD") return void response.end();
  const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), HEARTBEAT_MILLISECONDS);
  try {
    for await (const { id, event, data } of source) {
      const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      if (!response.write(text)) await drained(response, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

/** Until the client has read on; one that reads nothing for long is sent away. */
async function drained(response: Response, signal: AbortSignal): Promise<void> {
  const stalled = setTimeout(() => response.destroy(), STALL_TIMEOUT_MILLISECONDS);
  try {
    await once(response, "drain", { signal });
  } finally {
    clearTimeout(stalled);
  }
}
