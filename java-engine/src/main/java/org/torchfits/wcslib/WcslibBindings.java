package org.torchfits.wcslib;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.torchfits.library.NativeFunction;

/**
 * Functions and variables of wcslib under their C names, as {@code wcs.h}, {@code wcshdr.h} and
 * {@code wcsfix.h} declare them. Nothing is checked here: pixels count from 1, and a status must be
 * looked at by the caller.
 */
final class WcslibBindings {
  private final SymbolLookup library;
  private final NativeFunction wcsfix;
  private final NativeFunction wcslibVersion;
  private final NativeFunction wcsp2s;
  private final NativeFunction wcspih;
  private final NativeFunction wcss2p;
  private final NativeFunction wcsset;
  private final NativeFunction wcsvfree;

  WcslibBindings(SymbolLookup library) {
    this.library = library;
    wcsfix =
        function("wcsfix", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    wcslibVersion = function("wcslib_version", FunctionDescriptor.of(ADDRESS, ADDRESS));
    wcsp2s =
        function(
            "wcsp2s",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                ADDRESS));
    wcspih =
        function(
            "wcspih",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    wcss2p =
        function(
            "wcss2p",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                ADDRESS));
    wcsset = function("wcsset", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    wcsvfree = function("wcsvfree", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  }

  private NativeFunction function(String name, FunctionDescriptor shape) {
    return new NativeFunction(library, name, shape);
  }

  /** Address of one function, by which the library's file is found. */
  MemorySegment anyFunction() {
    return NativeFunction.symbol(library, "wcslib_version");
  }

  /** {@code const char *wcs_errmsg[]}: what the statuses mean, but for those of {@code wcspih}. */
  MemorySegment wcsErrmsg() {
    return NativeFunction.symbol(library, "wcs_errmsg");
  }

  /** {@code const char *wcshdr_errmsg[]}: what the statuses of {@code wcspih} mean. */
  MemorySegment wcshdrErrmsg() {
    return NativeFunction.symbol(library, "wcshdr_errmsg");
  }

  int wcsfix(int ctrl, MemorySegment naxis, MemorySegment wcs, MemorySegment stat) {
    try {
      return (int) wcsfix.handle().invokeExact(ctrl, naxis, wcs, stat);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** The version as text; {@code vers} may be null. */
  MemorySegment wcslibVersion(MemorySegment vers) {
    try {
      return (MemorySegment) wcslibVersion.handle().invokeExact(vers);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int wcsp2s(
      MemorySegment wcs,
      int ncoord,
      int nelem,
      MemorySegment pixcrd,
      MemorySegment imgcrd,
      MemorySegment phi,
      MemorySegment theta,
      MemorySegment world,
      MemorySegment stat) {
    try {
      return (int)
          wcsp2s.handle().invokeExact(wcs, ncoord, nelem, pixcrd, imgcrd, phi, theta, world, stat);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int wcspih(
      MemorySegment header,
      int nkeyrec,
      int relax,
      int ctrl,
      MemorySegment nreject,
      MemorySegment nwcs,
      MemorySegment wcs) {
    try {
      return (int) wcspih.handle().invokeExact(header, nkeyrec, relax, ctrl, nreject, nwcs, wcs);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int wcss2p(
      MemorySegment wcs,
      int ncoord,
      int nelem,
      MemorySegment world,
      MemorySegment phi,
      MemorySegment theta,
      MemorySegment imgcrd,
      MemorySegment pixcrd,
      MemorySegment stat) {
    try {
      return (int)
          wcss2p.handle().invokeExact(wcs, ncoord, nelem, world, phi, theta, imgcrd, pixcrd, stat);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int wcsset(MemorySegment wcs) {
    try {
      return (int) wcsset.handle().invokeExact(wcs);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int wcsvfree(MemorySegment nwcs, MemorySegment wcs) {
    try {
      return (int) wcsvfree.handle().invokeExact(nwcs, wcs);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }
}
