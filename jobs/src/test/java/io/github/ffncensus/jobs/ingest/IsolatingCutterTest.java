package io.github.ffncensus.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ffncensus.CensusException;
import io.github.ffncensus.table.RejectReason;
import io.github.ffncensus.text.CutDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Documents on which the tokenizer fails, among others. */
class IsolatingCutterTest {
  private final List<Integer> sizes = new ArrayList<>();

  @Test
  void documentsOnWhichTheTokenizerFails_areRejected_andNoOthers() {
    List<String> documents =
        IntStream.range(0, 33).mapToObj(i -> i == 7 || i == 32 ? "poison" : "good").toList();
    List<CutDocument> cut = new IsolatingCutter(this::cut).cutAll(documents);
    assertThat(cut).hasSize(33);
    for (int i = 0; i < 33; i++) {
      boolean poison = documents.get(i).equals("poison");
      assertThat(cut.get(i).reason())
          .isEqualTo(poison ? RejectReason.UNTOKENIZABLE : RejectReason.EMPTY);
    }
    assertThat(sizes).hasSizeLessThan(2 * 33 / 2);
  }

  @Test
  void failuresOfTheRun_areNoFaultOfADocument() {
    assertThatThrownBy(
            () ->
                new IsolatingCutter(
                        texts -> {
                          throw CensusException.runFailed("no space");
                        })
                    .cutAll(List.of("a", "b")))
        .isInstanceOf(CensusException.class)
        .hasMessageContaining("no space");
  }

  private List<CutDocument> cut(List<String> texts) {
    sizes.add(texts.size());
    if (texts.contains("poison")) {
      throw new IllegalStateException("cannot be tokenized");
    }
    return texts.stream().map(text -> CutDocument.rejected(RejectReason.EMPTY, "")).toList();
  }
}
