/**
 * Finding, loading and calling shared libraries of the system. Knows none of them by name; the
 * bindings that use it do.
 */
@NullMarked
package org.torchfits.library;

import org.jspecify.annotations.NullMarked;
