"""Execution: the order table between approvals and venues."""
