"""Every message that actors exchange, one file for each step of the flow."""
