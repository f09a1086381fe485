/** Where bytes come from: nothing above this package knows of paths or addresses. */
@NullMarked
package org.torchfits.source;

import org.jspecify.annotations.NullMarked;
