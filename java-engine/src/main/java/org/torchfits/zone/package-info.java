/**
 * What is known of blocks of a table's rows, so that those in which no row can match are not read.
 */
@NullMarked
package org.torchfits.zone;

import org.jspecify.annotations.NullMarked;
