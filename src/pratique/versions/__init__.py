"""Version orderings: one file each, text to a memcomparable key."""
