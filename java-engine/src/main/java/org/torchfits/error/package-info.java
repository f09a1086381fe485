/** The engine's one exception and its kinds. */
@NullMarked
package org.torchfits.error;

import org.jspecify.annotations.NullMarked;
