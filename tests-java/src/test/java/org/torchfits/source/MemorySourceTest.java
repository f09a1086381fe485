package org.torchfits.source;

/** Holds the tests' own source to the contract. */
class MemorySourceTest extends ByteSourceContract {
  @Override
  ByteSource open(byte[] bytes) {
    return MemorySource.of(bytes);
  }
}
