/**
 * wcslib, the general path of world coordinates, in two rings: {@link
 * org.torchfits.wcslib.WcslibBindings} has its functions under their C names and no policy, {@link
 * org.torchfits.wcslib.WcsTransform} checks every status.
 */
@NullMarked
package org.torchfits.wcslib;

import org.jspecify.annotations.NullMarked;
