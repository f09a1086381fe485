/** Many images read into one block. */
@NullMarked
package org.torchfits.batch;

import org.jspecify.annotations.NullMarked;
