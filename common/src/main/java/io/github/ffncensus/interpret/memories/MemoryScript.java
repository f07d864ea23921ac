package io.github.ffncensus.interpret.memories;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.ffncensus.model.ScriptModule;

/** The arithmetic on logits and coefficients that leaves only a few numbers per row. */
final class MemoryScript implements AutoCloseable {
  private static final String CLASS_NAME = "Memories";

  /**
   * searchsorted gives the number of targets with a smaller logit, so the tokens of bins behind a
   * target's place are those with a larger logit than the target's, also if targets tie.
   */
  private static final String SOURCE =
      """
      class Memories(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Memories, x: Tensor) -> Tensor:
          return x
        def rows(self: __torch__.Memories, x: Tensor, rows: Tensor) -> Tensor:
          return torch.to(torch.index_select(torch.flatten(x, 0, 1), 0, rows), 6)
        def pick(self: __torch__.Memories, x: Tensor, rows: Tensor) -> Tensor:
          return torch.to(torch.index_select(x, 0, rows), 6)
        def lengths(self: __torch__.Memories, x: Tensor) -> Tensor:
          wide = torch.to(x, 6)
          return torch.sqrt(torch.sum(torch.mul(wide, wide), [1]))
        def strongest(self: __torch__.Memories, m: Tensor, lengths: Tensor, residual: Tensor, width: int) -> List[Tensor]:
          contributions = torch.mul(torch.abs(m), lengths)
          ordered, order = torch.sort(contributions, stable=True, dim=1, descending=True)
          chosen = torch.slice(order, 1, 0, width)
          ahead = torch.sum(torch.gt(contributions, torch.unsqueeze(residual, 1)), [1])
          active = torch.sum(torch.gt(m, 0), [1])
          total = torch.sum(torch.to(contributions, 7), [1])
          return [chosen, torch.gather(m, 1, chosen), torch.slice(ordered, 1, 0, width), ahead, active, total]
        def read(self: __torch__.Memories, x: Tensor) -> List[Tensor]:
          token = torch.argmax(x, 1, True)
          best = torch.gather(x, 1, token)
          below = torch.sub(x, best)
          terms = torch.exp(below)
          total = torch.to(torch.sum(terms, [1]), 7)
          weighted = torch.to(torch.sum(torch.mul_(terms, below), [1]), 7)
          log_total = torch.log(total)
          entropy = torch.sub(log_total, torch.div(weighted, total))
          return [torch.squeeze(token, 1), torch.add(torch.to(torch.squeeze(best, 1), 7), log_total), entropy]
        def rank(self: __torch__.Memories, x: Tensor, token: Tensor) -> List[Tensor]:
          at = torch.gather(x, 1, torch.unsqueeze(token, 1))
          return [torch.add(torch.sum(torch.gt(x, at), [1]), 1), torch.squeeze(at, 1)]
        def larger(self: __torch__.Memories, x: Tensor, targets: Tensor, starts: Tensor) -> Tensor:
          of_targets = torch.index_select(x, 1, targets)
          ordered, order = torch.sort(of_targets, 1, False)
          bins = torch.add_(torch.searchsorted(ordered, x, out_int32=True), starts)
          count = torch.size(targets, 0)
          size = torch.add(count, 1)
          rows = torch.size(x, 0)
          counts = torch.reshape(torch.bincount(torch.flatten(bins, 0, -1), None, torch.mul(rows, size)), [rows, size])
          behind = torch.slice(torch.cumsum(counts, 1), 1, 0, count)
          ahead = torch.neg(torch.sub(behind, torch.size(x, 1)))
          return torch.to(torch.scatter(torch.zeros_like(ahead), 1, order, ahead), 3)
        def extremes(self: __torch__.Memories, x: Tensor) -> List[Tensor]:
          return [torch.argmax(x, 1, False), torch.argmax(torch.neg(x), 1, False)]
        def scaled(self: __torch__.Memories, x: Tensor, rows: Tensor, m: Tensor, tokens: Tensor) -> Tensor:
          scaled = torch.mul(torch.index_select(x, 0, rows), m)
          best = torch.amax(scaled, [1], True)
          at = torch.to(torch.gather(scaled, 1, tokens), 7)
          total = torch.to(torch.sum(torch.exp(torch.sub(scaled, best)), [1], True), 7)
          return torch.sub(at, torch.add(torch.to(best, 7), torch.log(total)))
        def of_positions(self: __torch__.Memories, larger: Tensor, smaller: Tensor, output: Tensor, ffn: Tensor, m: Tensor, lengths: Tensor, chosen: Tensor, missing: float) -> List[Tensor]:
          promoting = torch.ge(m, 0)
          ranks = torch.add(torch.where(promoting, torch.t(torch.index_select(larger, 1, output)), torch.t(torch.index_select(smaller, 1, output))), 1)
          of_ffn = torch.add(torch.where(promoting, torch.t(torch.index_select(larger, 1, ffn)), torch.t(torch.index_select(smaller, 1, ffn))), 1)
          active = torch.logical_and(torch.gt(m, 0), torch.gt(lengths, 0))
          voters = torch.sum(torch.logical_and(active, torch.eq(ranks, 1)), [1])
          median, _0 = torch.nanmedian(torch.masked_fill(torch.to(ranks, 6), torch.logical_not(active), missing), 1, False)
          return [voters, median, torch.gather(ranks, 1, chosen), torch.gather(of_ffn, 1, chosen)]
        def removed(self: __torch__.Memories, s: List[Tensor], values: Tensor, states: Tensor, shift: Tensor, at: Tensor, row: Tensor, m: Tensor, scale: Tensor, token: Tensor, first: int) -> List[Tensor]:
          part = torch.mul_(torch.index_select(values, 0, at), m)
          x = torch.sub_(torch.index_select(states, 0, row), part)
          logits = torch.add_(torch.mul_(x, scale), shift)
          return (self).update(s, logits, token, first, )
        def update(self: __torch__.Memories, s: List[Tensor], x: Tensor, token: Tensor, first: int) -> List[Tensor]:
          top = torch.amax(x, [1], False)
          rows = torch.flatten(torch.nonzero(torch.gt(top, s[0])))
          at = torch.argmax(torch.index_select(x, 0, rows), 1, False)
          best = torch.index_copy(s[1], 0, rows, torch.add(at, first))
          most = torch.maximum(s[0], top)
          tokens = torch.size(x, 1)
          inside = torch.logical_and(torch.ge(token, first), torch.lt(token, torch.add(first, tokens)))
          local = torch.clamp(torch.sub(token, first), 0, torch.sub(tokens, 1))
          here = torch.squeeze(torch.gather(x, 1, torch.unsqueeze(local, 1)), 1)
          logit = torch.where(inside, here, s[3])
          terms = torch.exp_(torch.sub_(x, torch.unsqueeze(most, 1)))
          earlier = torch.mul(s[2], torch.exp(torch.to(torch.sub(s[0], most), 7)))
          return [most, best, torch.add(earlier, torch.to(torch.sum(terms, [1]), 7)), logit]
        def result(self: __torch__.Memories, s: List[Tensor]) -> List[Tensor]:
          log_total = torch.add(torch.to(s[0], 7), torch.log(s[2]))
          return [torch.sub(torch.to(s[3], 7), log_total), s[1]]
      """;

  private final ScriptModule script;

  MemoryScript(NDManager manager) {
    script = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  /** Rows of an activation (batch, length, width) as float32 (rows, width). */
  NDArray rows(NDManager scope, NDArray activation, NDArray rows) {
    return script.call(scope, "rows", activation, rows);
  }

  /** Rows of a matrix as float32. */
  NDArray pick(NDManager scope, NDArray matrix, NDArray rows) {
    return script.call(scope, "pick", matrix, rows);
  }

  /** Length of each row, float32. */
  NDArray lengths(NDManager scope, NDArray vectors) {
    return script.call(scope, "lengths", vectors);
  }

  /**
   * The memories that contribute most, of equal ones the first.
   *
   * @param m (positions, neurons)
   * @param lengths of the value vectors, (neurons)
   * @param residual length of r, (positions)
   * @return of the strongest their neurons, coefficients and contributions, each (positions,
   *     width); and by position the memories that contribute more than r is long, those with m > 0,
   *     and the sum of all contributions
   */
  NDList strongest(NDManager scope, NDArray m, NDArray lengths, NDArray residual, int width) {
    return script.callForList(scope, "strongest", m, lengths, residual, (long) width);
  }

  /** What rows of logits predict: the top token, log of the sum of exponentials, entropy. */
  NDList read(NDManager scope, NDArray logits) {
    return script.callForList(scope, "read", logits);
  }

  /** Rank and logit of a token in each row of logits. */
  NDList rank(NDManager scope, NDArray logits, NDArray tokens) {
    return script.callForList(scope, "rank", logits, tokens);
  }

  /** The lowest token with the largest logit of each row, and the lowest with the smallest. */
  NDList extremes(NDManager scope, NDArray logits) {
    return script.callForList(scope, "extremes", logits);
  }

  /**
   * How many tokens have a larger logit than a target has in the same row.
   *
   * @param targets tokens, (targets)
   * @return int32 (rows, targets)
   */
  NDArray larger(NDManager scope, NDArray logits, NDArray targets) {
    int rows = Math.toIntExact(logits.getShape().get(0));
    int bins = Math.toIntExact(targets.size()) + 1;
    NDArray starts = scope.arange(0, rows * bins, bins, DataType.INT32).reshape(rows, 1);
    return script.call(scope, "larger", logits, targets, starts);
  }

  /**
   * Log probabilities of tokens where rows of logits are multiplied by a coefficient.
   *
   * @param rows of the logits, (pairs)
   * @param m (pairs, 1)
   * @param tokens (pairs, tokens)
   * @return float64 (pairs, tokens)
   */
  NDArray scaled(NDManager scope, NDArray logits, NDArray rows, NDArray m, NDArray tokens) {
    return script.call(scope, "scaled", logits, rows, m, tokens);
  }

  /**
   * The ranks that concern a position, out of those of all targets.
   *
   * @param larger as {@link #larger} counts them for all neurons, (neurons, targets)
   * @param smaller the same for negated logits; the same array where no coefficient is negative
   * @param output target that is the position's output, (positions)
   * @param ffn target that is the FFN's token, (positions)
   * @param m (positions, neurons)
   * @param lengths of the value vectors, (neurons); one of zeros predicts nothing
   * @param chosen neurons, (positions, width)
   * @return by position the active memories that predict the output, and the median rank of the
   *     output over those that predict something (NaN if there are none); ranks of the output and
   *     of the FFN's token for the chosen neurons
   */
  NDList ofPositions(
      NDManager scope,
      NDArray larger,
      NDArray smaller,
      NDArray output,
      NDArray ffn,
      NDArray m,
      NDArray lengths,
      NDArray chosen) {
    return script.callForList(
        scope, "of_positions", larger, smaller, output, ffn, m, lengths, chosen, Double.NaN);
  }

  /** Takes a part of the vocabulary into a state as {@link Removals} keeps it. */
  NDList update(NDManager scope, NDList state, NDArray logits, NDArray tokens, int first) {
    return script.callForList(scope, "update", state, logits, tokens, (long) first);
  }

  /**
   * As {@link #update}, with logits that are put together: scale x (states - m x values) + shift.
   *
   * @param at row of {@code values} for each row of the state
   * @param row of {@code states} for each row of the state
   */
  NDList removed(
      NDManager scope,
      NDList state,
      NDArray values,
      NDArray states,
      NDArray shift,
      NDArray at,
      NDArray row,
      NDArray m,
      NDArray scale,
      NDArray tokens,
      int first) {
    return script.callForList(
        scope, "removed", state, values, states, shift, at, row, m, scale, tokens, (long) first);
  }

  /** Log probability of the tokens, float64, and the top token of each row of a state. */
  NDList result(NDManager scope, NDList state) {
    return script.callForList(scope, "result", state);
  }

  @Override
  public void close() {
    script.close();
  }
}
