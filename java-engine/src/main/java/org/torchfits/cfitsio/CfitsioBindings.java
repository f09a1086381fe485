package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.torchfits.library.NativeFunction;

/**
 * Functions of cfitsio under their C names, as {@code fitsio.h} declares them. Nothing is checked
 * here: HDUs, pixels and axes count from 1, and a status must be looked at by the caller.
 */
final class CfitsioBindings {
  private final SymbolLookup library;
  private final NativeFunction ffclos;
  private final NativeFunction ffcmsg;
  private final NativeFunction ffdkopn;
  private final NativeFunction fffree;
  private final NativeFunction fffrow;
  private final NativeFunction ffgerr;
  private final NativeFunction ffghadll;
  private final NativeFunction ffghdt;
  private final NativeFunction ffgidm;
  private final NativeFunction ffgidt;
  private final NativeFunction ffgiet;
  private final NativeFunction ffgiszll;
  private final NativeFunction ffgmsg;
  private final NativeFunction ffgpv;
  private final NativeFunction ffgsv;
  private final NativeFunction ffhdr2str;
  private final NativeFunction ffmahd;
  private final NativeFunction ffpscl;
  private final NativeFunction ffrhdu;
  private final NativeFunction ffvers;
  private final NativeFunction fitsIsCompressedImage;
  private final NativeFunction fitsIsReentrant;

  CfitsioBindings(SymbolLookup library) {
    this.library = library;
    ffclos = function("ffclos", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    ffcmsg = function("ffcmsg", FunctionDescriptor.ofVoid());
    ffdkopn =
        function("ffdkopn", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS));
    fffree = function("fffree", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    fffrow =
        function(
            "fffrow",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS));
    ffgerr = function("ffgerr", FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS));
    ffghadll =
        function(
            "ffghadll",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    ffghdt = function("ffghdt", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffgidm = function("ffgidm", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffgidt = function("ffgidt", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffgiet = function("ffgiet", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffgiszll =
        function("ffgiszll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
    ffgmsg = function("ffgmsg", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    ffgpv =
        function(
            "ffgpv",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS,
                ADDRESS));
    ffgsv =
        function(
            "ffgsv",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
                ADDRESS));
    ffhdr2str =
        function(
            "ffhdr2str",
            FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffmahd =
        function("ffmahd", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
    ffpscl =
        function(
            "ffpscl", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_DOUBLE, JAVA_DOUBLE, ADDRESS));
    ffrhdu = function("ffrhdu", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    ffvers = function("ffvers", FunctionDescriptor.of(JAVA_FLOAT, ADDRESS));
    fitsIsCompressedImage =
        function("fits_is_compressed_image", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    fitsIsReentrant = function("fits_is_reentrant", FunctionDescriptor.of(JAVA_INT));
  }

  private NativeFunction function(String name, FunctionDescriptor shape) {
    return new NativeFunction(library, name, shape);
  }

  /** Address of one function, by which the library's file is found. */
  MemorySegment anyFunction() {
    return NativeFunction.symbol(library, "ffvers");
  }

  /** {@code fits_close_file}. */
  int ffclos(MemorySegment fptr, MemorySegment status) {
    try {
      return (int) ffclos.handle().invokeExact(fptr, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_clear_errmsg}. */
  void ffcmsg() {
    try {
      ffcmsg.handle().invokeExact();
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_open_diskfile}. */
  int ffdkopn(MemorySegment fptr, MemorySegment filename, int iomode, MemorySegment status) {
    try {
      return (int) ffdkopn.handle().invokeExact(fptr, filename, iomode, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_free_memory}. */
  int fffree(MemorySegment value, MemorySegment status) {
    try {
      return (int) fffree.handle().invokeExact(value, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_find_rows}. */
  int fffrow(
      MemorySegment fptr,
      MemorySegment expr,
      long firstrow,
      long nrows,
      MemorySegment nGoodRows,
      MemorySegment rowStatus,
      MemorySegment status) {
    try {
      return (int)
          fffrow.handle().invokeExact(fptr, expr, firstrow, nrows, nGoodRows, rowStatus, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_errstatus}. */
  void ffgerr(int status, MemorySegment errtext) {
    try {
      ffgerr.handle().invokeExact(status, errtext);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_hduaddrll}. */
  int ffghadll(
      MemorySegment fptr,
      MemorySegment headstart,
      MemorySegment datastart,
      MemorySegment dataend,
      MemorySegment status) {
    try {
      return (int) ffghadll.handle().invokeExact(fptr, headstart, datastart, dataend, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_hdu_type}. */
  int ffghdt(MemorySegment fptr, MemorySegment exttype, MemorySegment status) {
    try {
      return (int) ffghdt.handle().invokeExact(fptr, exttype, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_img_dim}. */
  int ffgidm(MemorySegment fptr, MemorySegment naxis, MemorySegment status) {
    try {
      return (int) ffgidm.handle().invokeExact(fptr, naxis, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_img_type}. */
  int ffgidt(MemorySegment fptr, MemorySegment imgtype, MemorySegment status) {
    try {
      return (int) ffgidt.handle().invokeExact(fptr, imgtype, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_img_equivtype}. */
  int ffgiet(MemorySegment fptr, MemorySegment imgtype, MemorySegment status) {
    try {
      return (int) ffgiet.handle().invokeExact(fptr, imgtype, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_img_sizell}. */
  int ffgiszll(MemorySegment fptr, int nlen, MemorySegment naxes, MemorySegment status) {
    try {
      return (int) ffgiszll.handle().invokeExact(fptr, nlen, naxes, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_read_errmsg}: takes the oldest message off the stack; 0 if there is none. */
  int ffgmsg(MemorySegment errMessage) {
    try {
      return (int) ffgmsg.handle().invokeExact(errMessage);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_read_img}. */
  int ffgpv(
      MemorySegment fptr,
      int datatype,
      long firstelem,
      long nelem,
      MemorySegment nulval,
      MemorySegment array,
      MemorySegment anynul,
      MemorySegment status) {
    try {
      return (int)
          ffgpv
              .handle()
              .invokeExact(fptr, datatype, firstelem, nelem, nulval, array, anynul, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_read_subset}. */
  int ffgsv(
      MemorySegment fptr,
      int datatype,
      MemorySegment blc,
      MemorySegment trc,
      MemorySegment inc,
      MemorySegment nulval,
      MemorySegment array,
      MemorySegment anynul,
      MemorySegment status) {
    try {
      return (int)
          ffgsv.handle().invokeExact(fptr, datatype, blc, trc, inc, nulval, array, anynul, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_hdr2str}. */
  int ffhdr2str(
      MemorySegment fptr,
      int excludeComm,
      MemorySegment exclist,
      int nexc,
      MemorySegment header,
      MemorySegment nkeys,
      MemorySegment status) {
    try {
      return (int)
          ffhdr2str.handle().invokeExact(fptr, excludeComm, exclist, nexc, header, nkeys, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_movabs_hdu}. */
  int ffmahd(MemorySegment fptr, int hdunum, MemorySegment exttype, MemorySegment status) {
    try {
      return (int) ffmahd.handle().invokeExact(fptr, hdunum, exttype, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_set_bscale}. */
  int ffpscl(MemorySegment fptr, double scale, double zeroval, MemorySegment status) {
    try {
      return (int) ffpscl.handle().invokeExact(fptr, scale, zeroval, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** Reads the header of the current HDU anew; it has no longer name. */
  int ffrhdu(MemorySegment fptr, MemorySegment hdutype, MemorySegment status) {
    try {
      return (int) ffrhdu.handle().invokeExact(fptr, hdutype, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  /** {@code fits_get_version}. */
  float ffvers(MemorySegment version) {
    try {
      return (float) ffvers.handle().invokeExact(version);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int fitsIsCompressedImage(MemorySegment fptr, MemorySegment status) {
    try {
      return (int) fitsIsCompressedImage.handle().invokeExact(fptr, status);
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }

  int fitsIsReentrant() {
    try {
      return (int) fitsIsReentrant.handle().invokeExact();
    } catch (Throwable thrown) {
      throw NativeFunction.rethrow(thrown);
    }
  }
}
