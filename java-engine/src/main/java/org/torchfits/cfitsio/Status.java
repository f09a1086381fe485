package org.torchfits.cfitsio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.StringJoiner;
import org.torchfits.error.ErrorKind;

/** What the statuses of cfitsio mean. */
final class Status {
  private static final int FLEN_ERRMSG = 81;
  private static final int FLEN_STATUS = 31;
  private static final int END_OF_FILE = 107;
  private static final int READ_ERROR = 108;
  private static final int ARRAY_TOO_BIG = 111;
  private static final int NEG_FILE_POS = 304;

  /** The stack of messages is one for the process: whoever fails takes all that it holds. */
  private static final Object MESSAGE_STACK = new Object();

  private Status() {}

  /**
   * cfitsio's text for a status, and the messages on its stack. When several threads call cfitsio
   * some may be missing, or of another thread.
   */
  static String words(CfitsioBindings cfitsio, int status) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(FLEN_ERRMSG);
      cfitsio.ffgerr(status, text.asSlice(0, FLEN_STATUS));
      String meaning = text.getString(0, ISO_8859_1);
      return meaning + " (cfitsio status " + status + ")" + messages(cfitsio, text);
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

  /** Whether bytes of the file could not be had. */
  static boolean isOfReading(int status) {
    return status == END_OF_FILE || status == READ_ERROR;
  }

  /** Whether there is no column, or no keyword, of a name. */
  static boolean isOfNames(int status) {
    return status == 202 || status == 219;
  }

  /** The groups of {@code fitsio.h}. */
  static ErrorKind kind(int status) {
    return switch (status) {
      case 103, 104, READ_ERROR, 116 -> ErrorKind.IO;
      case END_OF_FILE -> ErrorKind.TRUNCATED;
      case 113 -> ErrorKind.OUT_OF_MEMORY;
      case 226, 227, 233, 235, 251 -> ErrorKind.WRONG_HDU_KIND;
      case 301 -> ErrorKind.HDU_NOT_FOUND;
      case 431, 432, 433, 434, 435 -> ErrorKind.BAD_EXPRESSION;
      default -> isHeaderStatus(status) ? ErrorKind.BAD_HEADER : ErrorKind.CFITSIO;
    };
  }

  /** Keywords, their order and values; formats of columns; sizes beyond what cfitsio can count. */
  private static boolean isHeaderStatus(int status) {
    return (status > 200 && status < 270)
        || (status > 400 && status < 410)
        || status == ARRAY_TOO_BIG
        || status == NEG_FILE_POS;
  }
}
