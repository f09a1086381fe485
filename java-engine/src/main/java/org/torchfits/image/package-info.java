/** Images: which bytes, how they become numbers, and which path reads them. */
@NullMarked
package org.torchfits.image;

import org.jspecify.annotations.NullMarked;
