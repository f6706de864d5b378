import { InfluxClient } from "../../../projections/stores/influx/client.ts";
import { openInfluxGeneration } from "../../../projections/stores/influx/reader.ts";
import { generationSchema } from "../../../projections/stores/postgres/schema.ts";
import { InfluxMarketReader } from "../../../projections/ticks-and-candles/influx.ts";
import { QUERY_CONNECTIONS, type ServerReaders } from "./server-readers.ts";

export function openInfluxReaders(url: string): ServerReaders {
  const client = new InfluxClient({ url, connections: QUERY_CONNECTIONS });
  const readerMaker = InfluxMarketReader.maker;
  return {
    readers: {
      "ticks-and-candles": (generation) => {
        const database = generationSchema("ticks-and-candles", generation);
        return openInfluxGeneration({ client, database, readerMaker });
      },
    },
    close: async () => client.close(),
  };
}
