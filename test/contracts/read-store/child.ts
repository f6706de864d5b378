/**
 * Another process on the same generation, which the suite kills:
 * `child.ts <adapter> <address> <seed> <events> <batch>`. It takes the partition and applies the
 * sample's events from its checkpoint on, telling each position on a line, until it is done.
 */

import { type ReadStoreAdapterName, readStoreAdapters } from "./adapters.ts";
import { batchOf, LOG_ID, PARTITION, projection, sampleEvents } from "./sample-projection.ts";

const [name, address = "", seed, count, size] = process.argv.slice(2);
const adapter = readStoreAdapters[name as ReadStoreAdapterName];
const store = adapter.open(address);
await store.create();
const events = sampleEvents(Number(seed), Number(count));
const { next, epoch } = await store.take(PARTITION, LOG_ID);
process.stdout.write(`${projection.name} from ${next}\n`);
for (let from = next; from < events.length; from += Number(size)) {
  const batch = batchOf(events.slice(from, from + Number(size)), { epoch });
  const outcome = await store.apply(batch);
  if (outcome !== "applied") throw new Error(outcome);
  process.stdout.write(`${batch.next}\n`);
}
await store.close();
