package org.torchfits.source;

import java.util.Map;
import java.util.function.Function;

/**
 * Names of sources that are no local files. Python makes them: a character that no byte is, so that
 * no file is called that way, the kind, a colon, and what tells the source among those of its kind.
 */
public final class SourceNames {
  private static final char MARK = '\u2003';

  /** What opens the sources of each kind; another kind is another line. */
  private static final Map<String, Function<String, RawSource>> KINDS =
      Map.of("memory", BorrowedBytes::open);

  private SourceNames() {}

  /** Whether a name is that of a local file: bytes, one in each char. */
  public static boolean isLocalFile(String name) {
    return name.isEmpty() || name.charAt(0) != MARK;
  }

  /** Opens the source of any name. */
  static RawSource open(String name) {
    if (isLocalFile(name)) {
      return FileSource.open(name);
    }
    int colon = name.indexOf(':');
    Function<String, RawSource> opener = KINDS.get(name.substring(1, Math.max(1, colon)));
    if (opener == null) {
      throw new IllegalArgumentException("no kind of source is called that way: " + name);
    }
    return opener.apply(name.substring(colon + 1));
  }
}
