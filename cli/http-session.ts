import { z } from "zod";
import { Failure } from "./failure.ts";
import { createHttpClient, type HttpClient, type ServerAccess } from "./http-client.ts";
import { type Problem, problemFailure } from "./problem-failure.ts";
import type { CommandResult, QueryAnswer, Session, TicksAnswer } from "./session.ts";

/** Queries wait for their token at most so long. */
const TOKEN_WAIT_SECONDS = 30;

export interface HttpSessionParts {
  /** The command side. */
  readonly address: string;
  /** Where queries are answered if the command side is a server of its own. */
  readonly queryAddress: string;
  /** What requests bear; null where no key is needed. */
  readonly apiKey: string | null;
  readonly isEmbedded: boolean;
  readonly close: () => Promise<void>;
}

export function createHttpSession(parts: HttpSessionParts): Session {
  const { apiKey } = parts;
  const commands = createHttpClient({ address: parts.address, apiKey });
  let queries: Promise<HttpClient> | null = null;
  const queryClient = () => {
    queries ??= findQueries(commands, { address: parts.queryAddress, apiKey });
    return queries;
  };
  return {
    address: parts.address,
    isEmbedded: parts.isEmbedded,
    submit: (lines) => submit(commands, lines),
    sendTicks: async (lines, { source, feedSession }) => {
      const query = new URLSearchParams({ source, ...(feedSession ? { feedSession } : {}) });
      const path = `/v1/market/ticks?${query}`;
      return ticksAnswerOf(commands.postLines(path, lines), `POST ${path}`);
    },
    query: async (path, { token } = {}) => query(await queryClient(), path, token),
    follow: async function* (path, options) {
      yield* (await queryClient()).events(path, options);
    },
    close: parts.close,
  };
}

/** One process may serve both; else the query API is where the configuration says. */
async function findQueries(commands: HttpClient, elsewhere: ServerAccess): Promise<HttpClient> {
  try {
    await commands.get("/v1/projections");
    return commands;
  } catch (error) {
    if (error instanceof Failure && error.code === "ROUTE_NOT_FOUND") {
      return createHttpClient(elsewhere);
    }
    throw error;
  }
}

const acceptedLine = z.object({
  outcome: z.literal("accepted"),
  id: z.string(),
  version: z.int(),
  events: z.array(z.object({ type: z.string() })),
  consistencyToken: z.string(),
});

async function* submit(
  client: HttpClient,
  lines: AsyncIterable<string>,
): AsyncGenerator<CommandResult> {
  for await (const value of client.postLines("/v1/commands", lines)) {
    const accepted = acceptedLine.safeParse(value);
    if (accepted.success) {
      const { outcome: _outcome, ...result } = accepted.data;
      yield { accepted: true, ...result };
    } else {
      yield { accepted: false, ...z.record(z.string(), z.unknown()).parse(value) };
    }
  }
}

const answerBody = z.object({ data: z.unknown(), nextCursor: z.string().optional() });

async function query(client: HttpClient, path: string, token?: string): Promise<QueryAnswer> {
  const waiting = { "consistency-token": token ?? "", prefer: `wait=${TOKEN_WAIT_SECONDS}` };
  const answer = await client.get(path, token === undefined ? {} : waiting);
  const { data, nextCursor = null } = answerBody.parse(answer.body);
  return { data, nextCursor };
}

const count = z.int().min(0);

const ticksAnswer = z.object({
  accepted: count,
  duplicates: count,
  beyondHorizon: count,
  rejected: count,
  quarantined: count,
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

/** The last line of the answer tells of the whole request. */
async function ticksAnswerOf(answers: AsyncGenerator<unknown>, what: string): Promise<TicksAnswer> {
  let last: unknown = null;
  for await (const answer of answers) last = answer;
  const parsed = ticksAnswer.safeParse(last);
  if (!parsed.success) throw problemFailure(problemOf(last), what);
  const { errors, ...counts } = parsed.data;
  return {
    counts,
    errors: errors.map(({ pointer, detail }) => {
      return { index: Number(pointer.split("/")[1]), detail: `${pointer}: ${detail}` };
    }),
  };
}

/** An error after the answer began is its last line. */
function problemOf(value: unknown): Problem {
  return z.record(z.string(), z.unknown()).catch({ detail: "no answer" }).parse(value);
}
