package org.torchfits.zone;

/**
 * Between which real numbers the values of each of some zones lie.
 *
 * @param low the least; positive infinity if no row has a value
 * @param high the greatest; negative infinity if no row has a value
 * @param nulls rows without a value; negative if nothing is known of the zone
 */
public record RealBounds(double[] low, double[] high, int[] nulls) {}
