import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { SpawnedPlatform } from "../platform-process.ts";
import { idsIn, ownedPartitions } from "./owned-partitions.ts";

const TOPIC = "portfolio.events";
const ANSWERED_WITHIN_MILLISECONDS = 120_000;
const RETRY_AFTER_MILLISECONDS = 100;

/** One command to a portfolio; the same id is the same command. */
interface Question {
  readonly id: string;
  readonly command: string;
  readonly data: object;
  readonly headers: Readonly<Record<string, string>>;
}

interface Told {
  readonly status: number;
  readonly code: string | null;
  readonly version: number | null;
}

/**
 * A command side is stopped until another owns its partitions and has changed what is in them; what
 * it is asked meanwhile is the first thing it sees when it goes on. In its memory each question has
 * another answer than in the log.
 */
export async function askStaleOwner(stale: SpawnedPlatform, other: string): Promise<void> {
  const at = await stale.ready();
  const partitions = await untilOwned(at);
  const run = randomUUID();
  const ids = idsIn(partitions, 5, (number) => `${run}-${number}`);
  const [moved, expected, richer, repeated, late] = ids as [string, string, string, string, string];
  for (const id of ids.slice(0, 4)) {
    await answered(at, open(id));
    await answered(at, deposit(id, "100"));
  }
  const again = deposit(repeated, "7");
  stale.child.kill("SIGSTOP");
  await answered(other, deposit(moved, "1"));
  await answered(other, deposit(expected, "1"));
  await answered(other, deposit(richer, "900"));
  const { version } = await answered(other, again);
  await answered(other, open(late));
  const cases: [Question, Told][] = [
    [deposit(moved, "2", '"2"'), { status: 412, code: "VERSION_CONFLICT", version: null }],
    [deposit(expected, "2", '"3"'), { status: 200, code: null, version: 4 }],
    [withdraw(richer, "950"), { status: 200, code: null, version: 4 }],
    [again, { status: 200, code: null, version }],
    [deposit(late, "5"), { status: 200, code: null, version: 2 }],
  ];
  const asked = cases.map(([question]) => ask(at, question).catch(() => null));
  stale.child.kill("SIGCONT");
  for (const [index, [question, truth]] of cases.entries()) {
    const first = await asked[index];
    if (first !== null && first?.status !== 503) expect(first).to.deep.equal(truth);
    const last = await answered(at, question);
    expect(last, JSON.stringify(question)).to.deep.equal(truth);
  }
}

async function untilOwned(url: string): Promise<readonly number[]> {
  const deadline = performance.now() + ANSWERED_WITHIN_MILLISECONDS;
  for (;;) {
    const partitions = await ownedPartitions(url, TOPIC);
    if (partitions.length > 0) return partitions;
    if (performance.now() > deadline) throw new Error(`${url} owns nothing of ${TOPIC}`);
    await sleep(RETRY_AFTER_MILLISECONDS);
  }
}

function open(id: string): Question {
  const data = { name: "Stale", costMethod: "average" };
  return { id, command: "open-portfolio", data, headers: { "Idempotency-Key": randomUUID() } };
}

function deposit(id: string, amount: string, version?: string): Question {
  const data = { asset: "USDT", amount, externalReference: randomUUID() };
  const match = version === undefined ? {} : { "If-Match": version };
  const headers = { "Idempotency-Key": randomUUID(), ...match };
  return { id, command: "deposit-funds", data, headers };
}

function withdraw(id: string, amount: string): Question {
  return { ...deposit(id, amount), command: "withdraw-funds" };
}

/** Asked again until something other than "later" is the answer. */
async function answered(url: string, question: Question): Promise<Told> {
  const deadline = performance.now() + ANSWERED_WITHIN_MILLISECONDS;
  for (;;) {
    const told = await ask(url, question).catch(() => null);
    if (told !== null && told.status !== 503) return told;
    if (performance.now() > deadline) throw new Error(`no answer to ${JSON.stringify(question)}`);
    await sleep(RETRY_AFTER_MILLISECONDS);
  }
}

async function ask(url: string, { id, command, data, headers }: Question): Promise<Told> {
  const answer = await fetch(`${url}/v1/portfolios/${id}/${command}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(data),
  });
  const { code = null, version = null } = JSON.parse(await answer.text());
  return { status: answer.status, code, version };
}
