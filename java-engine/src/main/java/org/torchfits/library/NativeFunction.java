package org.torchfits.library;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A function of a shared library, linked at its first call: a shape that was not used yet costs
 * some 10 ms, and most programs need few of them.
 */
public final class NativeFunction {
  private final SymbolLookup library;
  private final String name;
  private final FunctionDescriptor shape;
  private volatile @Nullable MethodHandle handle;

  public NativeFunction(SymbolLookup library, String name, FunctionDescriptor shape) {
    this.library = library;
    this.name = name;
    this.shape = shape;
  }

  /**
   * What {@code invokeExact} calls.
   *
   * @throws FitsException of kind LIBRARY if the library has no such function
   */
  public MethodHandle handle() {
    MethodHandle linked = handle;
    return linked != null ? linked : link();
  }

  private MethodHandle link() {
    MethodHandle linked = Linker.nativeLinker().downcallHandle(symbol(library, name), shape);
    handle = linked;
    return linked;
  }

  /**
   * Address of a function or variable.
   *
   * @throws FitsException of kind LIBRARY if the library has none of that name
   */
  public static MemorySegment symbol(SymbolLookup library, String name) {
    return library
        .find(name)
        .orElseThrow(() ->
            new FitsException(ErrorKind.LIBRARY, "the library has no " + name + "; it is too old"));
  }

  /**
   * Passes on what came out of {@code invokeExact}, which declares any throwable; a downcall throws
   * nothing checked.
   */
  public static RuntimeException rethrow(Throwable thrown) {
    switch (thrown) {
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      default -> throw new AssertionError("a downcall threw a checked exception", thrown);
    }
  }
}
