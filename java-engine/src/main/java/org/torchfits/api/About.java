package org.torchfits.api;

import java.util.function.Supplier;
import org.torchfits.cfitsio.Cfitsio;
import org.torchfits.error.FitsException;
import org.torchfits.wcslib.Wcslib;
import org.torchfits.work.Stages;

/** Tells Python what the engine stands on, and what it did. */
public final class About {
  private About() {}

  /** A line for each part: its name, a tab, version and path, or why it is missing. */
  public static String describe() {
    return String.join(
        "\n",
        "java\t" + Runtime.version() + " (" + System.getProperty("java.home") + ")",
        "engine\t" + engine(),
        "threads\t" + Runtime.getRuntime().availableProcessors(),
        "cfitsio\t" + library(Cfitsio::version, Cfitsio::path),
        "wcslib\t" + library(Wcslib::version, Wcslib::path));
  }

  /** What was counted of all reads, as {@link Stages} has it. */
  public static String stages() {
    return Stages.ofProcess().toString();
  }

  private static String engine() {
    return About.class.getPackage().getImplementationVersion()
        + " ("
        + About.class.getProtectionDomain().getCodeSource().getLocation().getPath()
        + ")";
  }

  private static String library(Supplier<String> version, Supplier<String> path) {
    try {
      return version.get() + " (" + path.get() + ")";
    } catch (FitsException missing) {
      return "missing: " + missing.getMessage();
    }
  }
}
