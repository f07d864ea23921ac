package io.github.ffncensus.jobs.secret;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
  private static final Secrets SECRETS =
      Secrets.of(
          Map.of(
              "spark.hadoop.fs.s3a.secret.key", "abcd/EFGH+1",
              "spark.hadoop.fs.s3a.access.key", "abcd",
              "spark.ssl.useSecret", "true",
              "spark.app.name", "public"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.bucket.corpora.access.key",
        "fs.s3a.session.token",
        "fs.s3a.encryption.key",
        "fs.azure.account.key.store.blob.core.windows.net",
        "AWS_SECRET_ACCESS_KEY",
        "spark.ssl.keyPassword",
        "census.hub.api-key",
        "auth-token",
        "token",
        "HF_TOKEN"
      })
  void secretKey(String key) {
    assertThat(Secrets.isSecret(key)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ingest.shard-tokens",
        "scan.batch-tokens",
        "per-token",
        "scan.activations.per-token",
        "interpret.values.top-tokens",
        "tokenizer_sha256",
        "kn-stats.words.kind",
        "fs.s3a.endpoint",
        "key"
      })
  void keyOfEverybody(String key) {
    assertThat(Secrets.isSecret(key)).isFalse();
  }

  @Test
  void valuesAndPasswordsInAddresses_areTakenOutOfTexts() {
    assertThat(SECRETS.redact("public: abcd and abcd/EFGH+1, true"))
        .isEqualTo("public: *********(redacted) and *********(redacted), true");
    assertThat(SECRETS.redact("s3a://me:it@bucket/a and s3a://bucket/a:b@c"))
        .isEqualTo("s3a://*********(redacted)@bucket/a and s3a://bucket/a:b@c");
    assertThat(Secrets.isInAddress("hdfs://me@host:8020/x")).isFalse();
  }

  @Test
  void settingsOfTheProcess() {
    System.setProperty("spark.hadoop.fs.s3a.secret.key", "from-a-property");
    try {
      Configuration hadoop = new Configuration(false);
      hadoop.set("fs.s3a.bucket.b.secret.key", "from-hadoop");
      assertThat(Secrets.ofProcess(hadoop).redact("from-a-property, from-hadoop"))
          .isEqualTo("*********(redacted), *********(redacted)");
    } finally {
      System.clearProperty("spark.hadoop.fs.s3a.secret.key");
    }
  }

  @Test
  void documents() throws IOException {
    ObjectNode document =
        (ObjectNode)
            new ObjectMapper()
                .readTree(
                    """
                    {"configuration": {"warehouse": "/w/abcd", "secret-key": "x", "tokens": 5},
                     "inputs": ["abcd/EFGH+1", {"path": "s3a://u:p@b/c"}], "auth-token": {"a": 1}}
                    """);
    SECRETS.redact(document);
    assertThat(document.at("/configuration/warehouse").asText())
        .isEqualTo("/w/" + Secrets.REDACTED);
    assertThat(document.at("/configuration/secret-key").asText()).isEqualTo(Secrets.REDACTED);
    assertThat(document.at("/configuration/tokens").asInt()).isEqualTo(5);
    assertThat(document.toString()).doesNotContain("abcd", "u:p").contains("\"a\":1");
  }

  @Test
  void stream_isRedactedLineByLine() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out =
        RedactedStream.around(new PrintStream(bytes, true, StandardCharsets.UTF_8), SECRETS);
    out.print("key abcd/");
    out.println("EFGH+1 \u00e9");
    out.printf("%s%n", new IllegalStateException("abcd"));
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "key *********(redacted) \u00e9%njava.lang.IllegalStateException: *********(redacted)%n"
                .formatted());
  }
}
