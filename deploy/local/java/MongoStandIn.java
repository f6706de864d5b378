import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import org.h2.mvstore.MVStore;

/** mongo-java-server on one file of H2. Arguments: file, address, port. */
public final class MongoStandIn {
  /** Old pages of the file are used again after this time; every message writes new ones. */
  private static final int RETENTION_MILLIS = 1_000;

  public static void main(String[] arguments) {
    MVStore store = MVStore.open(arguments[0]);
    store.setRetentionTime(RETENTION_MILLIS);
    MongoServer server = new MongoServer(new CommittingBackend(store));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind(arguments[1], Integer.parseInt(arguments[2]));
  }

  /** Else H2 writes in the background, and a crash takes what was acknowledged before it did. */
  private static final class CommittingBackend extends H2Backend {
    CommittingBackend(MVStore store) {
      super(store);
    }

    @Override
    public Document handleMessage(MongoMessage message) {
      try {
        return super.handleMessage(message);
      } finally {
        commit();
      }
    }
  }
}
