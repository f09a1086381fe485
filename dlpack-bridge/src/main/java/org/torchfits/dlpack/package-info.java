/**
 * Native memory that becomes a tensor without a copy, and tensors seen from Java without one.
 *
 * <p>Knows nothing of FITS. The layouts are those of DLPack 1.1 ({@code dlpack.h}).
 */
@NullMarked
package org.torchfits.dlpack;

import org.jspecify.annotations.NullMarked;
