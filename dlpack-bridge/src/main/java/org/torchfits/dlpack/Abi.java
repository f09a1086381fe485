package org.torchfits.dlpack;

/** The two layouts in which DLPack hands a tensor over. */
public enum Abi {
  /** {@code DLManagedTensor}, in a capsule named {@code "dltensor"}. */
  UNVERSIONED("dltensor", 64, 0, 56),
  /** {@code DLManagedTensorVersioned}, in a capsule named {@code "dltensor_versioned"}. */
  VERSIONED("dltensor_versioned", 80, 32, 16);

  private final String capsuleName;
  final long structBytes;
  final long tensorOffset;
  final long deleterOffset;

  Abi(String capsuleName, long structBytes, long tensorOffset, long deleterOffset) {
    this.capsuleName = capsuleName;
    this.structBytes = structBytes;
    this.tensorOffset = tensorOffset;
    this.deleterOffset = deleterOffset;
  }

  /** The name that a Python capsule with this layout must carry. */
  public String capsuleName() {
    return capsuleName;
  }
}
