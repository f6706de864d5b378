import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LOOPBACK } from "./server.ts";

/** A machine that starts everything at once is slow for a while. */
const ANSWER_WITHIN_MS = 10_000;

interface HttpQuestion {
  readonly login?: { readonly user: string; readonly password: string };
  readonly method?: "GET" | "POST";
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly withinMs?: number;
}

/** The answer of a server of ours, whatever its status; an error where none comes in time. */
export async function askHttp(
  port: number,
  path: string,
  { login, method = "GET", form, json, withinMs = ANSWER_WITHIN_MS }: HttpQuestion = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const headers: Record<string, string> = {};
  if (login) {
    const pair = Buffer.from(`${login.user}:${login.password}`).toString("base64");
    headers["authorization"] = `Basic ${pair}`;
  }
  if (json !== undefined) headers["content-type"] = "application/json";
  const body = form ? new URLSearchParams(form) : json === undefined ? null : JSON.stringify(json);
  const signal = AbortSignal.timeout(withinMs);
  const url = `http://${LOOPBACK}:${port}${path}`;
  const response = await fetch(url, { method, headers, body, signal });
  return { status: response.status, text: await response.text() };
}

/** Throws unless the answer has the status. */
export async function expectStatus(
  status: number,
  answer: Promise<{ readonly status: number; readonly text: string }>,
): Promise<void> {
  const { status: given, text } = await answer;
  if (given !== status) throw new Error(`answered ${given}: ${text.slice(0, 300)}`);
}

/** Sends bytes and gives what comes back until `isWhole` says that it is all. */
export async function askSocket(
  port: number,
  question: Uint8Array,
  isWhole: (answer: Buffer) => boolean,
): Promise<Buffer> {
  const socket = connect(port, LOOPBACK);
  try {
    return await exchange(socket, question, isWhole);
  } finally {
    socket.destroy();
  }
}

async function exchange(
  socket: Socket,
  question: Uint8Array,
  isWhole: (answer: Buffer) => boolean,
): Promise<Buffer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  await once(socket, "connect", { signal });
  socket.write(question);
  let answer = Buffer.alloc(0);
  while (!isWhole(answer)) {
    const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
  }
  return answer;
}
