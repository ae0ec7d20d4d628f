"""Margin in compiled form: slack of accounts with a proved sign, liquidation prices, joint scenarios."""
