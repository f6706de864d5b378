/** What a client did: sent a command, and perhaps was told what it came to. */
export interface ClientRecord {
  readonly commandId: string;
  readonly aggregateId: string;
  readonly sentAtMs: number;
  /** `null`: no answer came (the process was killed, the connection broke). */
  readonly acknowledged: {
    readonly atMs: number;
    readonly version: number;
    /** All events of the command; none where it was refused. */
    readonly eventIds: readonly string[];
  } | null;
}

/** An event as it stands in the log, in the order of its partition. */
export interface LoggedEvent {
  readonly eventId: string;
  readonly commandId: string;
  readonly aggregateId: string;
  readonly sequence: number;
  readonly partition: string;
  readonly position: number;
}

export interface Finding {
  readonly kind: "loss" | "double" | "swap" | "stranger";
  readonly detail: string;
}

/**
 * Compares what clients were told with what the log holds. It shares no code with the platform:
 * a loss is an acknowledged event that is not there, a double an id that is there twice or a
 * command that has had an effect beside the one its client was told of, a swap two events in
 * another order than their sequences or than real time demands, a stranger an event that no client
 * asked for.
 */
export function checkHistory(
  client: readonly ClientRecord[],
  log: readonly LoggedEvent[],
): readonly Finding[] {
  return [
    ...findLosses(client, log),
    ...checkLog(log),
    ...findSecondEffects(client, log),
    ...findTimeTravel(client, log),
    ...findStrangers(client, log),
  ];
}

/** What the log alone shows: an id that is there twice, an aggregate's events out of order. */
export function checkLog(log: readonly LoggedEvent[]): readonly Finding[] {
  return [...findDoubles(log), ...findSwaps(log)];
}

function findLosses(client: readonly ClientRecord[], log: readonly LoggedEvent[]): Finding[] {
  const logged = new Set(log.map((event) => event.eventId));
  return client.flatMap(({ commandId, acknowledged }) => {
    const missing = (acknowledged?.eventIds ?? []).filter((id) => !logged.has(id));
    return missing.map((id) => ({
      kind: "loss" as const,
      detail: `event ${id} of the acknowledged command ${commandId} is not in the log`,
    }));
  });
}

function findDoubles(log: readonly LoggedEvent[]): Finding[] {
  const seen = new Map<string, LoggedEvent>();
  const findings: Finding[] = [];
  for (const event of log) {
    const before = seen.get(event.eventId);
    if (before) {
      const where = `${event.partition} at ${before.position} and ${event.position}`;
      findings.push({ kind: "double", detail: `event ${event.eventId} stands in ${where}` });
    }
    seen.set(event.eventId, event);
  }
  return findings;
}

/** A command has the events that its client was told of and no others; a refused one has none. */
function findSecondEffects(
  client: readonly ClientRecord[],
  log: readonly LoggedEvent[],
): Finding[] {
  const told = new Map(client.map((one) => [one.commandId, one.acknowledged?.eventIds ?? null]));
  return log.flatMap(({ commandId, eventId }) => {
    const eventIds = told.get(commandId) ?? null;
    if (eventIds === null || eventIds.includes(eventId)) return [];
    const detail = `event ${eventId} of command ${commandId} was not in its answer`;
    return [{ kind: "double" as const, detail }];
  });
}

/** Inside an aggregate sequences are 1, 2, 3 … in the order of positions. */
function findSwaps(log: readonly LoggedEvent[]): Finding[] {
  const next = new Map<string, number>();
  const findings: Finding[] = [];
  for (const event of log) {
    const expected = next.get(event.aggregateId) ?? 1;
    if (event.sequence !== expected) {
      const detail = `${event.aggregateId}: sequence ${event.sequence} where ${expected} belongs`;
      findings.push({ kind: "swap", detail: `${detail} (${event.partition} ${event.position})` });
    }
    next.set(event.aggregateId, event.sequence + 1);
  }
  return findings;
}

/** A command sent after another of its aggregate was acknowledged must stand behind it. */
function findTimeTravel(client: readonly ClientRecord[], log: readonly LoggedEvent[]): Finding[] {
  const sequenceOf = new Map(log.map((event) => [event.eventId, event.sequence]));
  const findings: Finding[] = [];
  for (const records of groupByAggregate(client).values()) {
    const answered = records.filter((one) => (one.acknowledged?.eventIds.length ?? 0) > 0);
    answered.sort((one, two) => one.sentAtMs - two.sentAtMs);
    let highest = { sequence: 0, commandId: "", atMs: Number.NEGATIVE_INFINITY };
    for (const one of answered) {
      const sequence = sequenceOf.get(one.acknowledged?.eventIds[0] as string) ?? 0;
      if (one.sentAtMs > highest.atMs && sequence > 0 && sequence < highest.sequence) {
        const detail = `${one.commandId} was sent after ${highest.commandId} was acknowledged`;
        findings.push({ kind: "swap", detail: `${detail}, but stands before it` });
      }
      const atMs = one.acknowledged?.atMs as number;
      if (sequence > highest.sequence) highest = { sequence, commandId: one.commandId, atMs };
    }
  }
  return findings;
}

function findStrangers(client: readonly ClientRecord[], log: readonly LoggedEvent[]): Finding[] {
  const sent = new Set(client.map((record) => record.commandId));
  return log
    .filter((event) => !sent.has(event.commandId))
    .map((event) => ({ kind: "stranger", detail: `nobody sent command ${event.commandId}` }));
}

function groupByAggregate(client: readonly ClientRecord[]): Map<string, ClientRecord[]> {
  const groups = new Map<string, ClientRecord[]>();
  for (const record of client) {
    const group = groups.get(record.aggregateId);
    if (group) group.push(record);
    else groups.set(record.aggregateId, [record]);
  }
  return groups;
}
