/** Plain loops over memory that C2 makes fast, and the arrays that some of them pass through. */
@NullMarked
package org.torchfits.kernel;

import org.jspecify.annotations.NullMarked;
