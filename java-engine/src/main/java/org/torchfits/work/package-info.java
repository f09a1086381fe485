/** The engine's threads and the jobs that they share with their callers. */
@NullMarked
package org.torchfits.work;

import org.jspecify.annotations.NullMarked;
