import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One node of OpenSearch. Arguments: data folder, address, HTTP port, transport port. */
public final class OpenSearchNode {
  public static void main(String[] arguments) throws Exception {
    OpenSearchRunner runner = new OpenSearchRunner();
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    runner.close();
                  } catch (java.io.IOException error) {
                    error.printStackTrace();
                  } finally {
                    stopped.countDown();
                  }
                }));
    runner.onBuild(
        (number, settings) -> {
          settings.put("discovery.type", "single-node");
          settings.putList("discovery.seed_hosts");
          settings.put("network.host", arguments[1]);
          settings.put("http.port", arguments[2]);
          settings.put("transport.port", arguments[3]);
          // A stack shares its disk with everything else on the machine.
          settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
    runner.build(
        OpenSearchRunner.newConfigs()
            .clusterName("cipherhorizon")
            .basePath(arguments[0])
            .numOfNode(1)
            .useLogger());
    stopped.await();
  }
}
