import {
  type InfluxShape,
  type InfluxShapes,
  type ShapedTable,
  shapedTable,
} from "../stores/influx/shape.ts";
import { NS_PER_MS } from "../stores/influx/text.ts";
import { tables } from "./store.ts";

const NS_PER_MINUTE = 60_000 * NS_PER_MS;

/** A minute's versions stand in it, each at its own position. */
const perMinute: InfluxShape = {
  tags: ["instrumentId"],
  time: { msColumn: "openTimeMs", nsColumn: null, nsBelow: NS_PER_MINUTE },
};

/**
 * A tick stands at its own nanosecond, which the instrument gave it; `era` becomes a tag where late
 * ticks have used their ordinals up. Ids of trades are fields: as tags, each would be a series.
 */
export const shapes: InfluxShapes = {
  ticks: {
    tags: ["instrumentId", "side", "era"],
    time: { msColumn: "timeMs", nsColumn: "ordinal", nsBelow: NS_PER_MS },
  },
  minutes: perMinute,
  openMinutes: perMinute,
};

type Name = keyof typeof tables;

/** The declared tables as InfluxDB has them. */
export const shaped = Object.fromEntries(
  Object.entries(tables).map(([name, table]) => [name, shapedTable(name, table, shapes[name])]),
) as Record<Name, ShapedTable>;
