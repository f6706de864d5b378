import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PlatformError, type PlatformErrorCode } from "../errors/catalogue.ts";
import { newConversation } from "./conversation.ts";
import type { Door } from "./door.ts";
import { isLoopback } from "./guard.ts";
import {
  HEADERS_TIMEOUT_MS,
  IDLE_SWEEP_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  LINGER_MS,
  MAXIMUM_CONNECTIONS,
  MAXIMUM_HEADER_BYTES,
} from "./limits.ts";
import { PROBLEM_CONTENT_TYPE, problemOf } from "./problem.ts";

export interface ServerAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The app's. */
  readonly door: Door;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080`, with the port that was chosen. */
  readonly url: string;
  /** Takes no new connections, lets open requests finish, and ends what is left at the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/** Serves the app with limits on headers, times and connections. */
export async function listen(app: RequestListener, address: ServerAddress): Promise<RunningServer> {
  refuseOpenDoor(address);
  const server = createHttpServer(app);
  const connections = connectionsOf(server);
  await listening(server, address);
  const { port } = server.address() as AddressInfo;
  return {
    url: urlOf(address.host, port),
    close: (deadlineMs) => closeServer(server, connections, deadlineMs),
  };
}

/** How this machine reaches a server that listens on an address; on all of them: by loopback. */
export function urlOf(host: string, port: number): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

function createHttpServer(app: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // An NDJSON import takes as long as it takes; bodies have time limits of their own.
      requestTimeout: 0,
      // Its absence is refused by the guard, with a problem; Node would answer without one.
      requireHostHeader: false,
    },
    app,
  );
  server.maxConnections = MAXIMUM_CONNECTIONS;
  answerBrokenRequests(server);
  return server;
}

/** Anybody who reaches the port may command: without keys, only this machine may. */
function refuseOpenDoor({ host, door }: ServerAddress): void {
  if (door.keys !== null || isLoopback(host)) return;
  const detail =
    `The address ${host} can be reached from other machines, which needs keys. ` +
    "Set CH_API_KEYS_FILE, or use CH_HOST=127.0.0.1 and a tunnel.";
  throw new PlatformError("CONFIG_INVALID", detail);
}

function listening(server: Server, address: ServerAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, address)));
    server.listen(address.port, address.host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

function cannotListen(error: NodeJS.ErrnoException, { host, port }: ServerAddress): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  const reason = error.code === "EACCES" ? "is not ours to open" : "is in use";
  const detail = `Port ${port} on ${host} ${reason} (${error.code}). Set CH_PORT to a free one.`;
  return new PlatformError("CONFIG_INVALID", detail);
}

/** Requests that are no HTTP never reach Express; they get their problem answer here. */
function answerBrokenRequests(server: Server): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on("request", (request, response) => answering.set(request.socket, response));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const begun = answering.get(socket);
    const isFree = begun === undefined || begun.writableEnded || !begun.headersSent;
    if (error.code === "ECONNRESET" || !socket.writable || !isFree) {
      socket.destroy();
      return;
    }
    socket.end(rawProblem(...brokenRequest(error)));
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
}

function brokenRequest(error: NodeJS.ErrnoException): [PlatformErrorCode, string] {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return ["HEADERS_TOO_LARGE", `The headers are over ${MAXIMUM_HEADER_BYTES} bytes.`];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["REQUEST_TIMEOUT", `The headers did not arrive within ${HEADERS_TIMEOUT_MS} ms.`];
    case "HPE_INVALID_EOF_STATE":
      return ["INVALID_REQUEST", "The request breaks off."];
    default:
      return ["INVALID_REQUEST", `The request is not HTTP/1.1 (${error.code ?? error.message}).`];
  }
}

function rawProblem(code: PlatformErrorCode, detail: string): string {
  const instance = `urn:uuid:${newConversation().correlationId}`;
  const body = JSON.stringify({ ...problemOf(new PlatformError(code, detail)), instance });
  const { status } = problemOf(new PlatformError(code, detail));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "X-Content-Type-Options: nosniff",
    `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

function connectionsOf(server: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return connections;
}

/** Connections kept alive by their clients fall idle only as their requests end; those that a
 *  client has opened in advance and not used yet never count as idle. */
function closeServer(
  server: Server,
  connections: ReadonlySet<Socket>,
  deadlineMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    }, IDLE_SWEEP_MS);
    server.close(() => {
      clearTimeout(deadline);
      clearInterval(sweep);
      resolve();
    });
  });
}
