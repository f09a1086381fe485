package org.torchfits.cfitsio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.StringJoiner;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** Makes exceptions of cfitsio's statuses. */
final class Failures {
  private static final int FLEN_ERRMSG = 81;
  private static final int FLEN_STATUS = 31;

  /** The stack of messages is one for the process: whoever fails takes all that it holds. */
  private static final Object MESSAGE_STACK = new Object();

  private Failures() {}

  /**
   * An exception whose message has the act, cfitsio's text for the status, and cfitsio's messages,
   * among which may be some of another thread that failed at the same time.
   *
   * @param status above 0
   * @param act file, HDU and what was tried
   */
  static FitsException of(CfitsioBindings cfitsio, int status, String act) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(FLEN_ERRMSG);
      cfitsio.ffgerr(status, text.asSlice(0, FLEN_STATUS));
      String reason =
          act + ": " + text.getString(0, ISO_8859_1) + " (cfitsio status " + status + ")";
      return new FitsException(kind(status), status, reason + messages(cfitsio, text));
    }
  }

  private static String messages(CfitsioBindings cfitsio, MemorySegment text) {
    StringJoiner messages = new StringJoiner("; ", ": ", "").setEmptyValue("");
    synchronized (MESSAGE_STACK) {
      while (cfitsio.ffgmsg(text) != 0) {
        messages.add(text.getString(0, ISO_8859_1).strip());
      }
    }
    return messages.toString();
  }

  /** The groups of {@code fitsio.h}. */
  private static ErrorKind kind(int status) {
    return switch (status) {
      case 103, 104, 108, 116 -> ErrorKind.IO;
      case 107 -> ErrorKind.TRUNCATED;
      case 113 -> ErrorKind.OUT_OF_MEMORY;
      case 226, 227, 233, 235, 251 -> ErrorKind.WRONG_HDU_KIND;
      case 301 -> ErrorKind.HDU_NOT_FOUND;
      default -> isHeaderStatus(status) ? ErrorKind.BAD_HEADER : ErrorKind.CFITSIO;
    };
  }

  /** Keywords, their order and values; formats of columns; values that cannot be converted. */
  private static boolean isHeaderStatus(int status) {
    return (status > 200 && status < 270) || (status > 400 && status < 410);
  }
}
