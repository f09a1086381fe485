/** What other programs say of real files. */
@NullMarked
package org.torchfits.oracle;

import org.jspecify.annotations.NullMarked;
