import { expect } from "chai";
import { influxdb } from "./influxdb.ts";
import { exampleInstance } from "./instance.fixture.ts";
import { variablesOf } from "./instances.ts";
import { kafka } from "./kafka.ts";
import { neo4j } from "./neo4j.ts";
import { opensearch } from "./opensearch.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { registry } from "./registry.ts";
import { LOOPBACK } from "./server.ts";
import { servers } from "./servers.ts";

describe("the servers of the stack", () => {
  it("have names and ports of their own", () => {
    const ports = servers.flatMap((server) => Object.values(server.ports));
    expect(new Set(ports).size).to.equal(ports.length);
    expect(new Set(servers.map(({ name }) => name)).size).to.equal(servers.length);
  });

  it("have no secret on a command line or in the environment", () => {
    for (const server of servers) {
      const launch = server.launch(exampleInstance(server, { password: "a-secret" }));
      expect(JSON.stringify(launch), server.name).to.not.contain("a-secret");
    }
  });

  it("tell where they are by CH_ variables, with their login where they have one", () => {
    const instances = servers.map((server) => exampleInstance(server));
    const { CH_KAFKA_REPLICATION, ...variables } = variablesOf(instances);
    expect(CH_KAFKA_REPLICATION).to.equal("1");
    expect(Object.keys(variables)).to.have.length(servers.length);
    for (const [name, value] of Object.entries(variables)) {
      expect(name).to.match(/^CH_[A-Z0-9_]+$/);
      expect(value).to.contain(LOOPBACK);
    }
    const withLogin = Object.values(variables).filter((value) => value.includes("a-secret"));
    expect(withLogin).to.have.length(servers.filter(({ logins }) => logins === "always").length);
  });

  describe("Kafka", () => {
    const ports = (node: number) => ({ broker: 100 * node, controller: 100 * node + 1 });
    const nodes = [1, 2, 3].map((node) => ({ node, ports: ports(node) }));

    function propertiesOf(change: object): readonly string[] {
      const files = kafka.files(exampleInstance(kafka, change));
      return (files["server.properties"] ?? "").split("\n");
    }

    it("keeps a record once with one node, and everything for ever", () => {
      const lines = propertiesOf({});
      expect(lines).to.include.members([
        "node.id=1",
        "controller.quorum.voters=1@127.0.0.1:19093",
        "listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093",
        "log.dirs=/srv/stack/kafka/data",
        "default.replication.factor=1",
        "min.insync.replicas=1",
        "log.retention.ms=-1",
        "log.retention.bytes=-1",
        "unclean.leader.election.enable=false",
        "auto.create.topics.enable=false",
        "transactional.id.expiration.ms=2147483647",
      ]);
    });

    it("keeps a record three times with three nodes, and goes on with two", () => {
      const lines = propertiesOf({ node: 2, nodes, ports: ports(2) });
      expect(lines).to.include.members([
        "node.id=2",
        "controller.quorum.voters=1@127.0.0.1:101,2@127.0.0.1:201,3@127.0.0.1:301",
        "advertised.listeners=PLAINTEXT://127.0.0.1:200",
        "default.replication.factor=3",
        "min.insync.replicas=2",
        "offsets.topic.replication.factor=3",
        "transaction.state.log.min.isr=2",
      ]);
    });

    it("wants logins and grants rights where it was asked to", () => {
      const lines = propertiesOf({ password: "a-secret" });
      expect(lines).to.include.members([
        "advertised.listeners=SASL_PLAINTEXT://127.0.0.1:19092",
        "sasl.enabled.mechanisms=SCRAM-SHA-512",
        "allow.everyone.if.no.acl.found=false",
        "listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
        "super.users=User:cipherhorizon",
      ]);
      const login = variablesOf([exampleInstance(kafka, { password: "a-secret" })]);
      expect(login["CH_KAFKA_LOGIN"]).to.equal("cipherhorizon:a-secret");
    });

    it("is told with all its brokers, and how often they keep a topic", () => {
      const instances = nodes.map((one) => exampleInstance(kafka, { ...one, nodes }));
      expect(variablesOf(instances)).to.deep.equal({
        CH_KAFKA_BROKERS: "127.0.0.1:100,127.0.0.1:200,127.0.0.1:300",
        CH_KAFKA_REPLICATION: "3",
      });
    });
  });

  it("the registry keeps what it has acknowledged, and one id for one schema", () => {
    const { environment } = registry.launch(exampleInstance(registry));
    expect(environment).to.deep.include({
      QUARKUS_HTTP_HOST: "127.0.0.1",
      ENABLE_CCOMPAT_CANONICAL_HASH_MODE: "true",
      REGISTRY_DATASOURCE_URL: "jdbc:h2:file:/srv/stack/registry/data/registry;WRITE_DELAY=0",
    });
  });

  it("PostgreSQL listens on loopback alone, without a socket file", () => {
    const words = postgres.launch(exampleInstance(postgres)).arguments;
    expect(words).to.include.members(["listen_addresses=127.0.0.1", "unix_socket_directories="]);
  });

  it("Redis reads users from a file and forgets nothing by itself", () => {
    const lines = redis.files(exampleInstance(redis))["redis.conf"]?.split("\n");
    expect(lines).to.include.members([
      "bind 127.0.0.1",
      'aclfile "/srv/stack/redis/users.acl"',
      "appendonly yes",
      "maxmemory-policy noeviction",
    ]);
  });

  it("InfluxDB wants logins and reports nothing to anybody", () => {
    const lines = influxdb.files(exampleInstance(influxdb))["influxd.conf"]?.split("\n");
    expect(lines).to.include.members([
      "reporting-disabled = true",
      "auth-enabled = true",
      'bind-address = "127.0.0.1:18086"',
      'bind-address = "127.0.0.1:18088"',
      'wal-dir = "/srv/stack/influxdb/data/wal"',
      'index-version = "tsi1"',
    ]);
  });

  it("Neo4j wants logins, listens on loopback alone, and recovers quickly", () => {
    const lines = neo4j.files(exampleInstance(neo4j))["conf/neo4j.conf"]?.split("\n");
    expect(lines).to.include.members([
      "server.default_listen_address=127.0.0.1",
      "server.bolt.listen_address=:17687",
      "server.https.enabled=false",
      "dbms.security.auth_enabled=true",
      "dbms.usage_report.enabled=false",
      "db.checkpoint.interval.time=15s",
    ]);
  });

  it("all but OpenSearch are started when no names are given", () => {
    const others = servers.filter(({ isDefault }) => !isDefault);
    expect(others).to.deep.equal([opensearch]);
  });
});
