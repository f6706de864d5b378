/**
 * A process that writes a log, ruled by lines on stdin; each answer is a line on stdout.
 * Arguments: the adapter's name, the log's address.
 */
import { createInterface } from "node:readline";
import { createRandom } from "../../../cli/demo/random.ts";
import type { Log, PartitionRef, Reign } from "../../../platform/log/log.ts";
import { type LogAdapterName, logAdapters, TOPICS } from "./adapters.ts";
import type { ChildOrder } from "./child-process.ts";
import { rawClaim, rawRecord } from "./raw-records.ts";

/** What the child has decided and not appended yet. */
interface Decision {
  readonly reign: Reign;
  readonly end: number;
}

const [adapterName, address] = process.argv.slice(2) as [LogAdapterName, string];
const decisions = new Map<string, Decision>();
let opened: Promise<Log> | null = null;

function openLog(): Promise<Log> {
  opened ??= logAdapters[adapterName].open(address, TOPICS);
  return opened;
}

/** Resolves when it is out of this process: what is said is heard, though the process is killed. */
function say(answer: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function obey(order: ChildOrder): Promise<unknown> {
  const log = await openLog();
  switch (order.order) {
    case "open":
      return {};
    case "decide":
      return decide(log, order.partition);
    case "append":
      return append(log, order.partition, order.values);
    case "flood":
      return flood(log, order.run, order.seed);
  }
}

/** Takes the partition as an owner does: claims it, then knows its end. */
async function decide(log: Log, partition: PartitionRef): Promise<Decision> {
  const reign = await log.claim(partition, rawClaim(`child ${process.pid}`));
  const end = (await log.ends(partition.topic))[partition.partition] as number;
  const decision = { reign, end };
  decisions.set(JSON.stringify(partition), decision);
  return decision;
}

function append(log: Log, partition: PartitionRef, values: readonly string[]): Promise<unknown> {
  const { reign, end } = decisions.get(JSON.stringify(partition)) as Decision;
  return log.append(
    reign,
    end,
    values.map((value) => rawRecord(value)),
  );
}

/** Appends to every partition of the first topic until it is killed; says each acknowledgement. */
async function flood(log: Log, run: number, seed: number): Promise<void> {
  const [{ topic, partitions }] = TOPICS as [(typeof TOPICS)[number]];
  const random = createRandom(seed);
  const floodOne = async (partition: number): Promise<void> => {
    let { reign, end } = await decide(log, { topic, partition });
    for (let batch = 0; ; batch += 1) {
      const count = random.integer(1, 20);
      const name = `${run}-${partition}-${batch}`;
      const values = Array.from({ length: count }, (_, index) => `${name} ${index}/${count}`);
      await say({ sent: name });
      const answer = await log.append(
        reign,
        end,
        values.map((value) => rawRecord(value)),
      );
      if (answer.outcome !== "appended") throw new Error(`a flood was ${answer.outcome}`);
      await say({ acknowledged: name, partition, position: answer.firstPosition, count });
      end += count;
    }
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => floodOne(partition)));
}

for await (const line of createInterface({ input: process.stdin })) {
  await say(await obey(JSON.parse(line) as ChildOrder));
}
await (await openLog()).close();
