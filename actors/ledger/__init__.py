"""The ledger: what accounts hold, and each strategy's share of it."""
