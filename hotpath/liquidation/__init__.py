"""Who is liquidated at a mark price: indexes that touch only what a price crosses, and ratios of whole columns."""
