import type { RunnableVerb } from "../verb.ts";
import { parkedList } from "./list.ts";
import { parkedDiscard, parkedRelease } from "./release.ts";
import { parkedShow } from "./show.ts";

export const verbs: readonly RunnableVerb[] = [
  parkedList,
  parkedShow,
  parkedRelease,
  parkedDiscard,
];
