package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.FitsException;
import org.torchfits.work.Stages;

/**
 * What is told of a window besides its batches: what was done, and the items that could not be
 * read.
 *
 * <p>Safe for use by several threads.
 */
final class WindowReport {
  /** Ends each record: the one character that no message has. */
  private static final char END = '\0';

  private final int files;
  private final int images;
  private final Stages stages = new Stages();

  /** By item. */
  private final Map<Integer, FitsException> failures = new TreeMap<>();

  /**
   * Nothing was done yet.
   *
   * @param files that items are of
   * @param images likewise
   */
  WindowReport(int files, int images) {
    this.files = files;
    this.images = images;
  }

  /** What is counted of the window. */
  Stages stages() {
    return stages;
  }

  /** Of an item that fails in several places the first failure is told. */
  synchronized void tell(int item, FitsException failure) {
    failures.putIfAbsent(item, failure);
  }

  /**
   * As text, of which a NUL ends each part: lines of a name, a tab and a count; then of each item
   * that could not be read its number, kind of error, status and message, separated by tabs.
   */
  synchronized String text() {
    StringBuilder text = new StringBuilder();
    text.append("FILES\t").append(files).append('\n');
    text.append("IMAGES\t").append(images).append('\n');
    text.append(stages).append(END);
    failures.forEach((item, failure) ->
        text.append(item)
            .append('\t')
            .append(failure.kind())
            .append('\t')
            .append(failure.status())
            .append('\t')
            .append(String.valueOf(failure.getMessage()).replace(END, ' '))
            .append(END));
    return text.toString();
  }

  /** The text as UINT8, in UTF-8. */
  DlpackTensor block(Abi abi) {
    byte[] text = text().getBytes(UTF_8);
    DlpackTensor block =
        Shapes.allocate(abi, ElementType.UINT8, new long[] {text.length}, "the window");
    MemorySegment.copy(text, 0, block.elements(), JAVA_BYTE, 0, text.length);
    return block;
  }
}
