package org.torchfits.header;

import org.jspecify.annotations.Nullable;

/**
 * Which HDU is meant: by number, by name and perhaps version, or the first that holds an image, a
 * table, or any of them.
 *
 * @param index from 0; {@link #BY_NAME}, {@link #FIRST_IMAGE}, {@link #FIRST_TABLE} or {@link
 *     #FIRST_DATA}
 * @param name compared without regard to case and trailing blanks; PRIMARY means the first HDU too,
 *     whatever its own name
 * @param version EXTVER; 0 for any
 */
public record HduSelector(int index, @Nullable String name, int version) {
  public static final int BY_NAME = -1;
  public static final int FIRST_IMAGE = -2;
  public static final int FIRST_TABLE = -3;
  public static final int FIRST_DATA = -4;

  /** Whether {@code hdu} is the one, given that no earlier one was. */
  boolean matches(Hdu hdu) {
    return switch (index) {
      case BY_NAME -> nameMatches(hdu) && (version == 0 || version == hdu.version());
      case FIRST_IMAGE -> hdu.hasImage();
      case FIRST_TABLE -> hdu.hasTable();
      case FIRST_DATA -> hdu.hasImage() || hdu.hasTable();
      default -> index == hdu.index();
    };
  }

  private boolean nameMatches(Hdu hdu) {
    if (name == null) {
      return false;
    }
    String wanted = name.strip();
    return hdu.name().strip().equalsIgnoreCase(wanted)
        || (hdu.index() == 0 && "PRIMARY".equalsIgnoreCase(wanted));
  }

  /** As error messages show it. */
  @Override
  public String toString() {
    return switch (index) {
      case BY_NAME -> version == 0 ? "HDU '" + name + "'" : "HDU '" + name + "' version " + version;
      case FIRST_IMAGE -> "HDU with an image";
      case FIRST_TABLE -> "HDU with a table";
      case FIRST_DATA -> "HDU with an image or a table";
      default -> "HDU " + index;
    };
  }
}
