package io.github.ffncensus.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * A TorchScript module without weights, made from source text when the process starts: the way to
 * operations that the engine's array interface lacks. Several threads may call at once.
 */
public final class ScriptModule implements AutoCloseable {
  private final NDManager manager;
  private final PtSymbolBlock module;

  /** By method: the array whose name tells the engine which method to call. */
  private final Map<String, NDArray> selectors = new ConcurrentHashMap<>();

  /**
   * @param className the one class in {@code source}
   * @param source the class in the form in which TorchScript archives hold it, with a {@code
   *     forward} method among its methods
   */
  public ScriptModule(NDManager parent, String className, String source) {
    manager = parent.newSubManager();
    try {
      byte[] archive = ScriptArchive.write(className, source);
      module =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Calls a method that returns a tensor, in inference mode.
   *
   * @param owner to whom the result belongs
   * @param arguments {@link NDArray}, {@link NDList}, {@link Double} or {@link Long}
   */
  public NDArray call(NDManager owner, String method, Object... arguments) {
    return run(method, arguments, result -> result.toTensor((PtNDManager) owner));
  }

  /** Calls a method that returns a tuple or list of tensors, in inference mode. */
  public NDList callForList(NDManager owner, String method, Object... arguments) {
    return run(method, arguments, result -> result.toNDList((PtNDManager) owner));
  }

  /**
   * Calls a method that returns a tensor like an operation of the engine: where the thread records
   * gradients, they flow through it.
   *
   * @param arguments tensors alone: this way of calling takes nothing else; the result belongs to
   *     the first one's manager
   */
  public NDArray apply(String method, NDArray... arguments) {
    NDList inputs = new NDList(arguments);
    inputs.add(selectors.computeIfAbsent(method, this::selector));
    return IValueUtils.forward(module, inputs, true).singletonOrThrow();
  }

  private NDArray selector(String method) {
    NDArray selector = manager.create(0f);
    selector.setName("module_method:" + method);
    return selector;
  }

  private <T> T run(String method, Object[] arguments, Function<IValue, T> convert) {
    IValue[] values = new IValue[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      values[i] = value(arguments[i]);
    }
    try (IValue result = IValueUtils.runMethod(module, method, values)) {
      return convert.apply(result);
    } finally {
      for (IValue value : values) {
        value.close();
      }
    }
  }

  private static IValue value(Object argument) {
    if (argument instanceof PtNDArray array) {
      return IValue.from(array);
    } else if (argument instanceof NDList list) {
      return IValue.listFrom(list.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    } else if (argument instanceof Double number) {
      return IValue.from(number);
    } else if (argument instanceof Long number) {
      return IValue.from(number);
    }
    throw new IllegalArgumentException("no script value: " + argument);
  }

  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
