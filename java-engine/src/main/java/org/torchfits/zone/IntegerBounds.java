package org.torchfits.zone;

/**
 * Between which integers the values of each of some zones lie.
 *
 * @param low the least; the greatest long if no row has a value
 * @param high the greatest; the least long if no row has a value
 * @param nulls rows without a value; negative if nothing is known of the zone
 */
public record IntegerBounds(long[] low, long[] high, int[] nulls) {}
