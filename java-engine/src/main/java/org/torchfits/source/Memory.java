package org.torchfits.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory there is for this process. */
public final class Memory {
  /** Of the container, in the two kinds of control groups. */
  private static final List<Path> LIMITS =
      List.of(
          Path.of("/sys/fs/cgroup/memory.max"),
          Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

  private static final Path MACHINE = Path.of("/proc/meminfo");

  /** Where nothing tells. */
  private static final long LEAST_BYTES = 4L << 30;

  private Memory() {}

  /** Bytes of the machine's memory, or of the container's if it may have less. */
  public static long bytes() {
    long bytes = ofMachine(text(MACHINE));
    for (Path limit : LIMITS) {
      bytes = Math.min(bytes, limit(text(limit)));
    }
    return bytes;
  }

  /**
   * MemTotal of /proc/meminfo.
   *
   * @param text of the file
   */
  static long ofMachine(String text) {
    return text.lines()
        .filter(line -> line.startsWith("MemTotal:"))
        .map(line -> line.replaceAll("\\D", ""))
        .filter(kibibytes -> !kibibytes.isEmpty() && kibibytes.length() < 15)
        .mapToLong(kibibytes -> Long.parseLong(kibibytes) << 10)
        .findFirst()
        .orElse(LEAST_BYTES);
  }

  /**
   * Of a control group; the largest long if it has none.
   *
   * @param text of its file: a number, or "max"
   */
  static long limit(String text) {
    String number = text.strip();
    return number.matches("\\d{1,18}") ? Long.parseLong(number) : Long.MAX_VALUE;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException missing) {
      return "";
    }
  }
}
