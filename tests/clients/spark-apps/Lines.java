import org.apache.spark.sql.SparkSession;

/** Counts the lines of a text in the object store. */
public final class Lines {
  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().appName("lines").getOrCreate();
    System.out.println("lines: " + spark.read().textFile(arguments[0]).count());
    spark.stop();
  }
}
