package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;

/** {@link Kernels} from the engine's own array operations, one at a time. Has no bfloat16. */
final class EagerKernels implements Kernels {

  @Override
  public NDArray attention(
      NDArray query, NDArray key, NDArray value, NDArray mask, AttentionScope scope, double scale) {
    NDArray scores = query.matMul(key.transpose(0, 1, 3, 2)).mul(scale);
    if (scope == AttentionScope.MASKED) {
      scores = scores.add(mask);
    } else if (scope == AttentionScope.CAUSAL) {
      scores = scores.add(causalMask(scores));
    }
    return scores.softmax(-1).matMul(value);
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
    // Each row with a copy of its context's prefix.
    long steps = query.getShape().get(0) / prefixKey.getShape().get(0);
    NDArray mask =
        prefixMask
            .repeat(0, steps)
            .broadcast(
                query.getShape().get(0), 1, query.getShape().get(2), prefixKey.getShape().get(2));
    NDArray slots =
        slotMask
            .reshape(1, 1, slotMask.getShape().get(0), slotMask.getShape().get(0))
            .broadcast(
                query.getShape().get(0), 1, slotMask.getShape().get(0), slotMask.getShape().get(0));
    return attention(
        query,
        prefixKey.repeat(0, steps).concat(key, 2),
        prefixValue.repeat(0, steps).concat(value, 2),
        mask.concat(slots, 3),
        AttentionScope.MASKED,
        scale);
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
    NDArray mixed =
        attention(
            split(query, heads),
            split(x.matMul(keys.transpose()), heads),
            split(x.matMul(values.transpose()), heads),
            mask,
            mask == null ? AttentionScope.ALL : AttentionScope.MASKED,
            scale);
    return mixed.transpose(0, 2, 1, 3).reshape(query.getShape());
  }

  private static NDArray split(NDArray x, int heads) {
    Shape shape = x.getShape();
    return x.reshape(shape.get(0), shape.get(1), heads, shape.get(2) / heads).transpose(0, 2, 1, 3);
  }

  private static NDArray causalMask(NDArray scores) {
    int length = (int) scores.getShape().get(2);
    float[] mask = new float[length * length];
    for (int query = 0; query < length; query++) {
      for (int key = query + 1; key < length; key++) {
        mask[query * length + key] = Float.NEGATIVE_INFINITY;
      }
    }
    return scores
        .getManager()
        .create(mask, new Shape(1, 1, length, length))
        .toType(scores.getDataType(), false);
  }

  @Override
  public NDArray activate(NDArray x, ActivationFunction function) {
    return switch (function) {
      case RELU -> Activation.relu(x);
      case GELU -> Activation.gelu(x);
      case GELU_TANH -> {
        NDArray inner = x.mul(x).mul(0.044715).add(1).mul(x).mul(Math.sqrt(2 / Math.PI));
        yield inner.tanh().add(1).mul(x).mul(0.5);
      }
      case QUICK_GELU -> Activation.sigmoid(x.mul(1.702)).mul(x);
      case SILU -> Activation.sigmoid(x).mul(x);
    };
  }

  @Override
  public NDArray rmsNorm(NDArray x, NDArray gain, double epsilon) {
    NDArray full = x.toType(DataType.FLOAT32, false);
    NDArray scale = full.mul(full).mean(new int[] {-1}, true).add(epsilon).sqrt();
    return full.div(scale).toType(x.getDataType(), false).mul(gain);
  }

  @Override
  public NDArray rotate(NDArray x, NDArray cosine, NDArray sine) {
    long width = cosine.getShape().get(3);
    NDArray first = x.get(new NDIndex("..., :{}", width / 2));
    NDArray second = x.get(new NDIndex("..., {}:{}", width / 2, width));
    NDArray turned = NDArrays.concat(new NDList(second.neg(), first), -1);
    NDArray rotated = x.get(new NDIndex("..., :{}", width)).mul(cosine).add(turned.mul(sine));
    return width == x.getShape().get(3)
        ? rotated
        : rotated.concat(x.get(new NDIndex("..., {}:", width)), -1);
  }

  @Override
  public NDArray cast(NDArray x, Precision precision) {
    return switch (precision) {
      case FLOAT32 -> x.toType(DataType.FLOAT32, false);
      case FLOAT16 -> x.toType(DataType.FLOAT16, false);
      case BFLOAT16 -> throw new UnsupportedOperationException("bfloat16 needs ScriptKernels");
    };
  }

  @Override
  public NDArray bfloat16Bits(NDArray bits) {
    throw new UnsupportedOperationException("bfloat16 needs ScriptKernels");
  }
}
