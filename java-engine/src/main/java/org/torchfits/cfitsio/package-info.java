/**
 * cfitsio, the general path, in two rings: {@link org.torchfits.cfitsio.CfitsioBindings} has its
 * functions under their C names and no policy, {@link org.torchfits.cfitsio.FitsFile} checks every
 * status.
 */
@NullMarked
package org.torchfits.cfitsio;

import org.jspecify.annotations.NullMarked;
