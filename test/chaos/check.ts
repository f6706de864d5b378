import type { AggregateDefinition } from "../../command-side/aggregate.ts";
import { aggregates } from "../../command-side/registry.ts";
import { verifyLog } from "../../platform/log/verify.ts";
import { findWrongAnswers, type TimedEvent } from "../history/answers.ts";
import { checkHistory, checkLog, type Finding } from "../history/checker.ts";
import {
  eventsOf,
  loggedEvents,
  type ReadHistory,
  tradeIdsByInstrument,
} from "../history/read-history.ts";
import type { KillClients, SentCommand, TickFeed } from "../kill-clients.ts";
import { collections } from "../kill-commands.ts";

const FINDINGS_SHOWN = 10;

/** The aggregates that the clients send commands to. */
const COMMANDED = aggregates.filter(({ name }) => name in collections);
/** Topics that process managers and projectors write, or that ticks go to. */
const OTHER_TOPICS = ["market.events", "risk.events", "operations.events"];

/**
 * Holds the log against what the clients were told, read record by record and not through the
 * platform's API: every acknowledged command is there exactly once and in its place, sequences have
 * no holes, every answer that left nothing was right at some moment of its request, every
 * acknowledged tick is there once. Gives what is wrong; empty: nothing is.
 */
export async function checkLogOf(
  history: ReadHistory,
  clients: Pick<KillClients, "commands" | "feeds">,
): Promise<readonly string[]> {
  const findings = [
    ...unanswered(clients.commands),
    ...(await checkCommands(history, clients.commands)),
    ...(await checkAnswers(history, clients.commands)),
    ...(await checkTicks(history, clients.feeds)),
  ];
  for (const topic of OTHER_TOPICS) {
    findings.push(...texts(checkLog(await loggedEvents(history.log, topic))));
  }
  const { partitions, voidEvents } = await verifyLog(history);
  const problems = partitions.flatMap((one) => one.problems);
  findings.push(...problems.map((one) => `log verify: ${JSON.stringify(one)}`));
  if (voidEvents > 0) findings.push(`log verify: ${voidEvents} void events`);
  return findings.slice(0, FINDINGS_SHOWN);
}

/** The clients have asked until there was an answer. */
function unanswered(commands: readonly SentCommand[]): readonly string[] {
  const open = commands.filter(({ acknowledged }) => acknowledged === null);
  return open.map(({ commandId }) => `command ${commandId} was never answered`);
}

async function checkCommands({ log }: ReadHistory, commands: readonly SentCommand[]) {
  const all = await Promise.all(COMMANDED.map(({ topic }) => loggedEvents(log, topic)));
  return texts(checkHistory(commands, all.flat()));
}

function texts(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ kind, detail }) => `${kind}: ${detail}`);
}

async function checkAnswers(
  history: ReadHistory,
  commands: readonly SentCommand[],
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const definition of COMMANDED) {
    const own = commands.filter(({ aggregate }) => aggregate === definition.name);
    const events = await timedEvents(history, definition.topic, own);
    const groupOf = ({ aggregateId }: { readonly aggregateId: string }) => {
      return definition.view === undefined ? aggregateId : "the partition";
    };
    const eventsByGroup = Map.groupBy(events, groupOf);
    for (const [group, asked] of Map.groupBy(own.flatMap(emptyAnswerOf), groupOf)) {
      const happened = eventsByGroup.get(group) ?? [];
      findings.push(...(await findWrongAnswers(definition, happened, asked)));
    }
  }
  return findings;
}

async function timedEvents(
  history: ReadHistory,
  topic: AggregateDefinition["topic"],
  commands: readonly SentCommand[],
): Promise<readonly TimedEvent[]> {
  const byId = new Map(commands.map((command) => [command.commandId, command]));
  const events: TimedEvent[] = [];
  for await (const { aggregateId, commandId, event } of eventsOf(history, topic)) {
    const command = byId.get(commandId);
    const sentAtMs = command?.sentAtMs ?? Number.NEGATIVE_INFINITY;
    const answeredAtMs = command?.acknowledged?.atMs ?? Number.POSITIVE_INFINITY;
    events.push({ aggregateId, event, sentAtMs, answeredAtMs });
  }
  return events;
}

function emptyAnswerOf({ acknowledged, ...command }: SentCommand) {
  if (acknowledged === null || acknowledged.eventIds.length > 0) return [];
  return [{ ...command, answeredAtMs: acknowledged.atMs }];
}

/** Each feed's ticks have the ids 1, 2, 3 … up to the last that was acknowledged. */
async function checkTicks(
  history: ReadHistory,
  feeds: readonly TickFeed[],
): Promise<readonly string[]> {
  const byInstrument = await tradeIdsByInstrument(history);
  return feeds.flatMap(({ instrumentId, answered }) => {
    const ids = byInstrument.get(instrumentId) ?? [];
    const different = new Set(ids);
    const lost = Array.from({ length: answered }, (_, i) => String(i + 1)).filter(
      (id) => !different.has(id),
    );
    const findings: string[] = [];
    if (lost.length > 0) findings.push(`loss: ${instrumentId}: ${lost.length} ticks: ${lost[0]} …`);
    if (ids.length > different.size) {
      findings.push(
        `double: ${instrumentId}: ${ids.length - different.size} ticks stand there twice`,
      );
    }
    if (different.size > answered) {
      findings.push(`stranger: ${instrumentId}: ${different.size} ticks, ${answered} acknowledged`);
    }
    return findings;
  });
}
