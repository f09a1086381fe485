/** What is kept from one read for the next, within bounds, and checked at each use. */
@NullMarked
package org.torchfits.cache;

import org.jspecify.annotations.NullMarked;
