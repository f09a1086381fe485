/** Columns of binary and ASCII tables. */
@NullMarked
package org.torchfits.table;

import org.jspecify.annotations.NullMarked;
