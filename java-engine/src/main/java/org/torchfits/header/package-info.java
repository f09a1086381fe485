/** FITS headers and the index of a file's HDUs, parsed from bytes. */
@NullMarked
package org.torchfits.header;

import org.jspecify.annotations.NullMarked;
