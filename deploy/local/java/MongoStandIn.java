import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import org.h2.mvstore.MVStore;

/** mongo-java-server on one file of H2. Arguments: file, address, port. */
public final class MongoStandIn {
  /** H2 writes in the background; what was acknowledged within this time can be lost in a crash. */
  private static final int WRITE_DELAY_MILLIS = 50;

  public static void main(String[] arguments) {
    MVStore store = MVStore.open(arguments[0]);
    store.setAutoCommitDelay(WRITE_DELAY_MILLIS);
    MongoServer server = new MongoServer(new H2Backend(store));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind(arguments[1], Integer.parseInt(arguments[2]));
  }
}
