import { InfluxClient } from "../../projections/stores/influx/client.ts";
import { openInfluxGeneration } from "../../projections/stores/influx/reader.ts";
import { generationSchema } from "../../projections/stores/postgres/schema.ts";
import { InfluxMinuteReader } from "../../projections/ticks-and-candles/influx-minute.ts";
import type { MinuteReaders } from "./stored-minutes.ts";

const CONNECTIONS = 2;

/** Minutes of a read model in InfluxDB, whose driver is loaded with this file. */
export function openInfluxMinutes(url: string, projection: string): MinuteReaders {
  const client = new InfluxClient({ url, connections: CONNECTIONS });
  const readerMaker = InfluxMinuteReader.maker;
  return {
    open: (generation) => {
      const database = generationSchema(projection, generation);
      return openInfluxGeneration({ client, database, readerMaker });
    },
    close: () => client.close(),
  };
}
