package io.github.ffncensus.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@link Kernels} through a TorchScript module that is written at start: fused attention and
 * activations, and bfloat16. Results belong to the manager of the first array argument. Gradients
 * flow through all of them, for which numbers have to be passed as tensors.
 */
final class ScriptKernels implements Kernels, AutoCloseable {
  private static final String CLASS_NAME = "Kernels";

  /** The numbers are PyTorch's own codes: 5 float16, 6 float32, 15 bfloat16. */
  private static final String SOURCE =
      """
      class Kernels(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return x
        def attend_all(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, scale: Tensor) -> Tensor:
          return torch.scaled_dot_product_attention(q, k, v, None, 0., False, scale=float(scale))
        def attend_causal(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, scale: Tensor) -> Tensor:
          return torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=float(scale))
        def attend_masked(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
          return torch.scaled_dot_product_attention(q, k, v, mask, 0., False, scale=float(scale))
        def by_context(self: __torch__.Kernels, x: Tensor, contexts: int) -> Tensor:
          steps = torch.floordiv(torch.size(x, 0), contexts)
          split = torch.reshape(x, [contexts, steps, torch.size(x, 1), torch.size(x, 2), torch.size(x, 3)])
          return torch.flatten(torch.transpose(split, 1, 2), 2, 3)
        def by_row(self: __torch__.Kernels, x: Tensor, rows: Tensor) -> Tensor:
          slots = torch.size(rows, 2)
          steps = torch.floordiv(torch.size(x, 2), slots)
          split = torch.reshape(x, [torch.size(x, 0), torch.size(x, 1), steps, slots, torch.size(x, 3)])
          return torch.flatten(torch.transpose(split, 1, 2), 0, 1)
        def attend_prefixed(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, prefix_k: Tensor, prefix_v: Tensor, prefix_mask: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
          contexts = torch.size(prefix_k, 0)
          prefix = torch.size(prefix_k, 2)
          before = torch.add(torch.matmul((self).by_context(q, contexts, ), torch.transpose(prefix_k, 2, 3)), prefix_mask)
          own = torch.add(torch.matmul(q, torch.transpose(k, 2, 3)), mask)
          scores = torch.cat([before, (self).by_context(own, contexts, )], -1)
          weights = torch.softmax(torch.mul(scores, float(scale)), -1)
          from_prefix = torch.matmul(torch.slice(weights, -1, 0, prefix), prefix_v)
          own_weights = (self).by_row(torch.slice(weights, -1, prefix), q, )
          return torch.add((self).by_row(from_prefix, q, ), torch.matmul(own_weights, v))
        def to_inputs(self: __torch__.Kernels, q: Tensor, keys: Tensor, heads: int) -> Tensor:
          batch = torch.size(q, 0)
          queries = torch.size(q, 1)
          by_head = torch.transpose(torch.reshape(q, [torch.mul(batch, queries), heads, -1]), 0, 1)
          asked = torch.bmm(by_head, torch.reshape(keys, [heads, -1, torch.size(keys, 1)]))
          return torch.reshape(torch.transpose(asked, 0, 1), [batch, torch.mul(queries, heads), -1])
        def of_inputs(self: __torch__.Kernels, weights: Tensor, x: Tensor, values: Tensor, heads: int) -> Tensor:
          batch = torch.size(x, 0)
          width = torch.size(x, 2)
          mixed = torch.transpose(torch.reshape(torch.bmm(weights, x), [-1, heads, width]), 0, 1)
          maps = torch.transpose(torch.reshape(values, [heads, -1, width]), 1, 2)
          return torch.reshape(torch.transpose(torch.bmm(mixed, maps), 0, 1), [batch, -1, torch.size(values, 0)])
        def attend_inputs(self: __torch__.Kernels, q: Tensor, x: Tensor, keys: Tensor, values: Tensor, heads: Tensor, scale: Tensor) -> Tensor:
          asked = (self).to_inputs(q, keys, int(heads), )
          scores = torch.mul(torch.bmm(asked, torch.transpose(x, 1, 2)), float(scale))
          return (self).of_inputs(torch.softmax(scores, -1), x, values, int(heads), )
        def attend_inputs_masked(self: __torch__.Kernels, q: Tensor, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor, heads: Tensor, scale: Tensor) -> Tensor:
          asked = (self).to_inputs(q, keys, int(heads), )
          scores = torch.mul(torch.bmm(asked, torch.transpose(x, 1, 2)), float(scale))
          seen = torch.add(scores, torch.squeeze(mask, 1))
          return (self).of_inputs(torch.softmax(seen, -1), x, values, int(heads), )
        def gelu_tanh(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.gelu(x, approximate="tanh")
        def silu(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.silu(x)
        def quick_gelu(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.mul(x, torch.sigmoid(torch.mul(x, 1.702)))
        def rms_norm(self: __torch__.Kernels, x: Tensor, gain: Tensor, epsilon: Tensor) -> Tensor:
          full = torch.to(x, 6)
          mean = torch.mean(torch.mul(full, full), [-1], True)
          scaled = torch.mul(full, torch.rsqrt(torch.add(mean, float(epsilon))))
          return torch.mul(gain, torch.type_as(scaled, x))
        def rotate(self: __torch__.Kernels, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
          first, second = torch.chunk(x, 2, -1)
          turned = torch.cat([torch.neg(second), first], -1)
          return torch.add(torch.mul(x, cosine), torch.mul(turned, sine))
        def rotate_first(self: __torch__.Kernels, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
          width = torch.size(cosine, -1)
          turned = (self).rotate(torch.slice(x, -1, 0, width), cosine, sine, )
          return torch.cat([turned, torch.slice(x, -1, width)], -1)
        def to_float16(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.to(x, 5)
        def to_float32(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.to(x, 6)
        def to_bfloat16(self: __torch__.Kernels, x: Tensor) -> Tensor:
          return torch.to(x, 15)
        def bfloat16_bits(self: __torch__.Kernels, bits: Tensor) -> Tensor:
          return torch.to(torch.view_copy(bits, dtype=15), 6)
      """;

  private final NDManager manager;
  private final ScriptModule module;
  private final Map<Double, NDArray> numbers = new ConcurrentHashMap<>();

  ScriptKernels(NDManager parent) {
    manager = parent.newSubManager();
    module = new ScriptModule(manager, CLASS_NAME, SOURCE);
  }

  @Override
  public NDArray attention(
      NDArray query, NDArray key, NDArray value, NDArray mask, AttentionScope scope, double scale) {
    return switch (scope) {
      case ALL -> module.apply("attend_all", query, key, value, number(scale));
      case CAUSAL -> module.apply("attend_causal", query, key, value, number(scale));
      case MASKED -> module.apply("attend_masked", query, key, value, mask, number(scale));
    };
  }

  @Override
  public NDArray prefixedAttention(
      NDArray query,
      NDArray key,
      NDArray value,
      NDArray prefixKey,
      NDArray prefixValue,
      NDArray prefixMask,
      NDArray slotMask,
      double scale) {
    return module.apply(
        "attend_prefixed",
        query,
        key,
        value,
        prefixKey,
        prefixValue,
        prefixMask,
        slotMask,
        number(scale));
  }

  @Override
  public NDArray inputAttention(
      NDArray query,
      NDArray x,
      NDArray keys,
      NDArray values,
      NDArray mask,
      int heads,
      double scale) {
    return mask == null
        ? module.apply("attend_inputs", query, x, keys, values, number(heads), number(scale))
        : module.apply(
            "attend_inputs_masked", query, x, keys, values, mask, number(heads), number(scale));
  }

  @Override
  public NDArray activate(NDArray x, ActivationFunction function) {
    return switch (function) {
      case RELU -> Activation.relu(x);
      case GELU -> Activation.gelu(x);
      case GELU_TANH -> module.apply("gelu_tanh", x);
      case QUICK_GELU -> module.apply("quick_gelu", x);
      case SILU -> module.apply("silu", x);
    };
  }

  @Override
  public NDArray rmsNorm(NDArray x, NDArray gain, double epsilon) {
    return module.apply("rms_norm", x, gain, number(epsilon));
  }

  @Override
  public NDArray rotate(NDArray x, NDArray cosine, NDArray sine) {
    boolean whole = x.getShape().get(3) == cosine.getShape().get(3);
    return module.apply(whole ? "rotate" : "rotate_first", x, cosine, sine);
  }

  @Override
  public NDArray cast(NDArray x, Precision precision) {
    return switch (precision) {
      case FLOAT32 -> x.getDataType() == DataType.FLOAT32 ? x : module.apply("to_float32", x);
      case FLOAT16 -> x.getDataType() == DataType.FLOAT16 ? x : module.apply("to_float16", x);
      case BFLOAT16 -> module.apply("to_bfloat16", x);
    };
  }

  @Override
  public NDArray bfloat16Bits(NDArray bits) {
    return module.apply("bfloat16_bits", bits);
  }

  /** On the host, where reading it waits for no device. */
  private NDArray number(double value) {
    return numbers.computeIfAbsent(
        value, number -> manager.create(number).toDevice(Device.cpu(), false));
  }

  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
