package org.torchfits.api;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.text.ParseException;
import java.util.List;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** Records what the JVM does, by its Flight Recorder, when Python asks for it. */
public final class Recordings {
  /** Events that tell of the user or of other processes, and nothing of the engine. */
  private static final List<String> PRIVATE =
      List.of("jdk.InitialEnvironmentVariable", "jdk.InitialSystemProperty", "jdk.SystemProcess");

  private Recordings() {}

  /**
   * Starts a recording with the settings for profiling; it goes on until {@link #end}.
   *
   * @throws FitsException of kind LIBRARY, if the Java runtime has no Flight Recorder
   */
  // As an AutoCloseable, so that this class can be loaded by a runtime without the recorder.
  public static AutoCloseable begin() {
    if (ModuleLayer.boot().findModule("jdk.jfr").isEmpty()) {
      throw new FitsException(
          ErrorKind.LIBRARY, "the Java runtime has no Flight Recorder (the module jdk.jfr)");
    }
    try {
      Recording recording = new Recording(Configuration.getConfiguration("profile"));
      PRIVATE.forEach(recording::disable);
      recording.start();
      return recording;
    } catch (IOException | ParseException missing) {
      throw new FitsException(
          ErrorKind.LIBRARY, "the settings of the Flight Recorder cannot be read: " + missing);
    }
  }

  /**
   * Ends a recording and writes it.
   *
   * @param recording what {@link #begin} gave
   * @param descriptor of the file, which is open for writing
   * @throws FitsException of kind WRITE, if it cannot be written
   */
  public static void end(AutoCloseable recording, int descriptor) {
    try (Recording ended = (Recording) recording) {
      ended.stop();
      try (InputStream events = ended.getStream(null, null);
          OutputStream file = new FileOutputStream("/proc/self/fd/" + descriptor)) {
        if (events != null) {
          events.transferTo(file);
        }
      }
    } catch (IOException refused) {
      throw new FitsException(
          ErrorKind.WRITE, "the recording could not be written: " + refused.getMessage());
    }
  }
}
