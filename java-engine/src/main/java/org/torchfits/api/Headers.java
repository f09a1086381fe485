package org.torchfits.api;

import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.cache.OpenFiles;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.work.Unfinished;

/** Reads headers and lists HDUs for Python. */
public final class Headers {
  private Headers() {}

  /**
   * The cards of one HDU up to and with END, one char a byte; null if this takes long: the caller
   * looks for signals and calls again.
   *
   * @see Images#readImage for the parameters
   */
  public static @Nullable String readHeader(
      String path, int hdu, @Nullable String name, int version) {
    try (HduReader reader = OpenFiles.open(path)) {
      return reader.headerText(reader.find(new HduSelector(hdu, name, version)));
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  /**
   * One line for each HDU: kind, version, BITPIX, the axes in C order separated by commas, and
   * EXTNAME, separated by tabs. If a header after the first cannot be read, a last line has an
   * exclamation mark and the reason instead. Null as for {@link #readHeader}.
   */
  public static @Nullable String listHdus(String path) {
    try (HduReader reader = OpenFiles.open(path)) {
      StringBuilder lines = new StringBuilder(line(reader.find(new HduSelector(0, null, 0))));
      try {
        for (Hdu hdu = reader.next(); hdu != null; hdu = reader.next()) {
          lines.append('\n').append(line(hdu));
        }
      } catch (FitsException unreadable) {
        lines.append("\n!").append(unreadable.getMessage());
      }
      return lines.toString();
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  /**
   * Number of an HDU from 0, and behind a tab its line as {@link #listHdus} has it; null as for
   * {@link #readHeader}.
   *
   * @param hdu as for {@link Images#readImage}; -4 for the first with an image or a table
   */
  public static @Nullable String describeHdu(
      String path, int hdu, @Nullable String name, int version) {
    try (HduReader reader = OpenFiles.open(path)) {
      Hdu found = reader.find(new HduSelector(hdu, name, version));
      return found.index() + "\t" + line(found);
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  private static String line(Hdu hdu) {
    String shape =
        LongStream.of(hdu.shape()).mapToObj(Long::toString).collect(Collectors.joining(","));
    String name = hdu.name().replace('\n', ' ');
    return String.join(
        "\t",
        hdu.kind().name(),
        Integer.toString(hdu.version()),
        Integer.toString(hdu.bitpix()),
        shape,
        name);
  }
}
