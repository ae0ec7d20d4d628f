"""Tests of whole desks and of the commands, as a user meets them."""
