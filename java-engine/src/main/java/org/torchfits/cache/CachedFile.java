package org.torchfits.cache;

import org.jspecify.annotations.Nullable;
import org.torchfits.header.HduIndex;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.FitsSource;

/** What {@link OpenFiles} knows of one file. Guarded by its lock, but for what never changes. */
final class CachedFile {
  final String path;
  final FileIdentity identity;
  final HduIndex index = new HduIndex();

  /** Whether it was found to be compressed as a whole. */
  boolean compressed;

  /** Open as long as there are leases, and after that while the descriptor is kept. */
  @Nullable FitsSource source;

  int leases;

  /** Leases so far. */
  long uses;

  /** When the last lease was given back, by {@link System#nanoTime()}. */
  long idleSince;

  /** What this file counts for in {@link OpenFiles.Bounds#headerBytes}. */
  long headerBytes;

  /** Whether nobody gets a lease of it any more. */
  boolean forgotten;

  CachedFile(String path, FileIdentity identity) {
    this.path = path;
    this.identity = identity;
  }
}
