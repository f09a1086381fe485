package org.torchfits.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Makes files whose names Java's own classes cannot write: any bytes but NUL and slash. */
public final class FileNames {
  private FileNames() {}

  /**
   * Writes a file.
   *
   * @param name one byte in each char
   */
  public static void write(Path folder, String name, String text)
      throws IOException, InterruptedException {
    StringBuilder octal = new StringBuilder();
    for (byte character : name.getBytes(ISO_8859_1)) {
      octal.append("\\%03o".formatted(character & 0xFF));
    }
    run(folder, "cat > \"$(printf '" + octal + "')\"", text);
  }

  /** Makes a named pipe. */
  public static void makePipe(Path path) throws IOException, InterruptedException {
    run(path.toAbsolutePath().getRoot(), "mkfifo '" + path + "'", "");
  }

  private static void run(Path folder, String script, String input)
      throws IOException, InterruptedException {
    Process shell =
        new ProcessBuilder("sh", "-c", script)
            .directory(folder.toFile())
            .inheritIO()
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .start();
    try (OutputStream stdin = shell.getOutputStream()) {
      stdin.write(input.getBytes(UTF_8));
    }
    if (shell.waitFor() != 0) {
      throw new IOException("failed: " + script);
    }
  }
}
