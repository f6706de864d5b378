import { aggregatesShow } from "./aggregates/show.ts";
import { commandsSend } from "./commands/send.ts";
import { configCheck } from "./config/check.ts";
import { configShow } from "./config/show.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { eventsList } from "./events/list.ts";
import { eventsTail } from "./events/tail.ts";
import { explain } from "./explain.ts";
import { importFillsVerb } from "./import/fills.ts";
import { importTicksVerb } from "./import/ticks.ts";
import { keysCreate } from "./keys/create.ts";
import { keysList } from "./keys/list.ts";
import { keysRevoke } from "./keys/revoke.ts";
import { logBackup } from "./log/backup.ts";
import { logExport } from "./log/export.ts";
import { logImport } from "./log/import.ts";
import { logRestore } from "./log/restore.ts";
import { logVerify } from "./log/verify.ts";
import { parkedList } from "./parked/list.ts";
import { parkedDiscard, parkedRelease } from "./parked/release.ts";
import { parkedShow } from "./parked/show.ts";
import { projectionsList } from "./projections/list.ts";
import { projectionsRebuild } from "./projections/rebuild.ts";
import {
  projectionsCancel,
  projectionsPause,
  projectionsPromote,
  projectionsResume,
  projectionsRetire,
  projectionsRollback,
} from "./projections/steps.ts";
import { projectionsVerify } from "./projections/verify.ts";
import { schemasCheck } from "./schemas/check.ts";
import { schemasGenerate } from "./schemas/generate.ts";
import { schemasRegister } from "./schemas/register.ts";
import { serveVerbs } from "./serve/serve.ts";
import { stackDestroy } from "./stack/destroy.ts";
import { stackDown } from "./stack/down.ts";
import { stackStatusVerb } from "./stack/status.ts";
import { stackUp } from "./stack/up.ts";
import { topicsApply } from "./topics/apply.ts";
import { topicsPlan } from "./topics/plan.ts";
import type { Nouns } from "./verb.ts";

/** Every verb of the command line; a new one is a file and a line here. */
export const nouns: Nouns = {
  "": { summary: "", verbs: [demo, doctor, explain] },
  serve: { summary: "Runs the platform or a part of it until it is stopped", verbs: serveVerbs },
  import: { summary: "Takes in files", verbs: [importTicksVerb, importFillsVerb] },
  commands: { summary: "Commands to aggregates", verbs: [commandsSend] },
  events: { summary: "Events of the log", verbs: [eventsList, eventsTail] },
  aggregates: { summary: "State folded from events", verbs: [aggregatesShow] },
  projections: {
    summary: "Read models and their generations",
    verbs: [
      projectionsList,
      projectionsRebuild,
      projectionsVerify,
      projectionsPromote,
      projectionsRollback,
      projectionsRetire,
      projectionsCancel,
      projectionsPause,
      projectionsResume,
    ],
  },
  parked: {
    summary: "Streams that were set aside at an event that could not be applied",
    verbs: [parkedList, parkedShow, parkedRelease, parkedDiscard],
  },
  keys: { summary: "Who may speak to the servers", verbs: [keysCreate, keysList, keysRevoke] },
  log: {
    summary: "The event log itself",
    verbs: [logVerify, logBackup, logRestore, logExport, logImport],
  },
  schemas: {
    summary: "Avro schemas of the events",
    verbs: [schemasCheck, schemasRegister, schemasGenerate],
  },
  topics: { summary: "Topics of the log on Kafka", verbs: [topicsPlan, topicsApply] },
  stack: {
    summary: "Real servers on this machine, without Docker",
    verbs: [stackUp, stackStatusVerb, stackDown, stackDestroy],
  },
  config: { summary: "The CH_ variables", verbs: [configShow, configCheck] },
};
