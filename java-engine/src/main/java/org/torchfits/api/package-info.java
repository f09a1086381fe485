/** The only classes that Python calls: static methods of primitives and strings. */
@NullMarked
package org.torchfits.api;

import org.jspecify.annotations.NullMarked;
