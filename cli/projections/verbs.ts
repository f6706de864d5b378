import type { RunnableVerb } from "../verb.ts";
import { projectionsList } from "./list.ts";
import { projectionsRebuild } from "./rebuild.ts";
import {
  projectionsCancel,
  projectionsPause,
  projectionsPromote,
  projectionsResume,
  projectionsRetire,
  projectionsRollback,
} from "./steps.ts";
import { projectionsVerify } from "./verify.ts";

export const verbs: readonly RunnableVerb[] = [
  projectionsList,
  projectionsRebuild,
  projectionsVerify,
  projectionsPromote,
  projectionsRollback,
  projectionsRetire,
  projectionsCancel,
  projectionsPause,
  projectionsResume,
];
